"""Where does a model look as it adds its own words to a report? The decoder's attention against labelled defects.

    python -m benchmarks.phrases --bundle captioned/bundle --data captioned/pictures

Needs a bundle with a decoder that has words of its own, and places: `benchmarks.reports --captions` makes both.
Of the test pictures that the bundle calls NG, every phrase of the model's own on its grid of attention:

pointing    how often the cell that was looked at most touches a labelled defect (as Zhang et al. 2016)
inside      how much of the attention lies on such cells
another's   the same with the attention of another part's report: what is gained by looking at this one
evenly      what an attention spread evenly would have
apart       how much of the attention moves from one phrase of a report to the next (total variation, 0 to 1)
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from compress.data.dataset import Sample
from compress.data.images import read_image
from compress.data.masks import defect_mask
from compress.data.reading import Reading
from edge.bench.rehearse import verdicts_on
from edge.bundle.load import Bundle, load_bundle
from edge.errors import EdgevlError
from edge.geometry import Region
from edge.language.grammar.languages import LANGUAGES
from edge.language.reporter import Reporter

_COMMONEST = 8


@dataclass(frozen=True, slots=True)
class Look:
    """A phrase: where the model looked, which sums to 1, and the cells that touch a defect of this part."""

    said: str
    looked_HW: NDArray[np.float64]
    defect_HW: NDArray[np.bool_]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.phrases", description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    bundle = load_bundle(given.bundle)
    samples = [each for each in Reading().read(given.data, seed=0).of("test") if each.kind == "defect"]
    looks = _looks(bundle, [each for each in samples if each.localised])
    console = Console()
    table = Table("", "parts", "phrases", "pointing", "inside", "another's", "evenly", "apart")
    for code, reports in looks.items():
        if not reports:
            raise EdgevlError(f"the model of {given.bundle} adds no words of its own in {code} that have places")
        table.add_row(code, str(len(reports)), *_figures(reports))
    console.print(table)
    for code, reports in looks.items():
        console.print(_by_phrase(code, [look for report in reports for look in report]))


def _looks(bundle: Bundle, samples: Sequence[Sample]) -> dict[str, list[list[Look]]]:
    """Per language, the phrases of every report that has any."""
    reporter = Reporter(bundle, tuple(LANGUAGES))
    images = [read_image(sample.path) for sample in samples]
    found: dict[str, list[list[Look]]] = {code: [] for code in LANGUAGES}
    for sample, image_HWC, verdict in zip(samples, images, verdicts_on(images, bundle), strict=True):
        mask_HW = defect_mask(sample, *image_HWC.shape[:2])
        if verdict.status != "NG" or mask_HW is None:
            continue
        written = reporter.report(image_HWC, verdict)
        for code in LANGUAGES:
            report = []
            for each in written.phrases[code]:
                if each.attention is not None:
                    level_HW = np.array(each.attention.rows, np.float64)
                    defect_HW = _touched(mask_HW, each.attention.region, level_HW.shape)
                    said = written.words[code][each.start : each.end]
                    report.append(Look(said, level_HW / level_HW.sum(), defect_HW))
            if report:
                found[code].append(report)
    return found


def _touched(mask_HW: NDArray[np.bool_], region: Region, grid: tuple[int, ...]) -> NDArray[np.bool_]:
    inside_HW = mask_HW[region.y : region.y + region.h, region.x : region.x + region.w].astype(np.float32)
    return np.asarray(cv2.resize(inside_HW, (grid[1], grid[0]), interpolation=cv2.INTER_AREA) > 0)


def _figures(reports: Sequence[Sequence[Look]]) -> tuple[str, ...]:
    looks = [look for report in reports for look in report]
    others = [
        other
        for report, after in zip(reports, [*reports[1:], reports[0]], strict=True)
        for other in _as_many(report, after)
    ]
    pointing = np.mean([look.defect_HW.ravel()[look.looked_HW.argmax()] for look in looks])
    others_inside = [other[look.defect_HW].sum() for look, other in zip(looks, others, strict=True)]
    evenly = np.mean([look.defect_HW.mean() for look in looks])
    moved = [np.abs(one.looked_HW - then.looked_HW).sum() / 2 for report in reports for one, then in pairwise(report)]
    figures = (pointing, np.mean([_inside(look) for look in looks]), np.mean(others_inside), evenly)
    return str(len(looks)), *(f"{figure:.3f}" for figure in figures), f"{np.mean(moved):.3f}" if moved else "-"


def _as_many(report: Sequence[Look], after: Sequence[Look]) -> list[NDArray[np.float64]]:
    """For each phrase of a report, where another report's phrase looked."""
    return [after[min(number, len(after) - 1)].looked_HW for number in range(len(report))]


def _inside(look: Look) -> float:
    return float(look.looked_HW[look.defect_HW].sum())


def _by_phrase(code: str, looks: Sequence[Look]) -> Table:
    """The commonest phrases, each by itself."""
    by_phrase: dict[str, list[Look]] = defaultdict(list)
    for look in looks:
        by_phrase[look.said].append(look)
    table = Table(code, "phrases", "pointing", "inside", "evenly")
    for said, same in sorted(by_phrase.items(), key=lambda item: -len(item[1]))[:_COMMONEST]:
        pointing = np.mean([look.defect_HW.ravel()[look.looked_HW.argmax()] for look in same])
        inside, evenly = np.mean([_inside(look) for look in same]), np.mean([look.defect_HW.mean() for look in same])
        table.add_row(said, str(len(same)), f"{pointing:.3f}", f"{inside:.3f}", f"{evenly:.3f}")
    return table


if __name__ == "__main__":
    try:
        main()
    except EdgevlError as error:
        sys.exit(f"error: {error}")
