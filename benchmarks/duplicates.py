"""How many changed copies of real pictures the near-duplicate check finds, and how many pairs it sees where none is.

    python -m benchmarks.duplicates ../shared/data/neu ../shared/data/spindle ../shared/data/casting

For each data folder some pictures are copied, each changed in one of the ways below, and put among all. Found means
paired with the original. Pairs of untouched pictures are counted by the data's own groups: inside a group they
show the same part; across groups they are false, or copies that the grouping missed, so they are named to be looked at.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from compress.check.copies import find_copies
from compress.check.fingerprint import thumbnail
from compress.data.dataset import read_dataset
from compress.data.images import read_image
from compress.data.samples import Dataset
from compress.progress import ConsoleReporter
from edge.errors import EdgevlError

_EACH = 40
_NAMED = 20

Picture = NDArray[np.uint8]


def jpeg(image_HWC: Picture, quality: int = 50) -> Picture:
    encoded = cv2.imencode(".jpg", image_HWC, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


def resized(image_HWC: Picture, factor: float) -> Picture:
    size = (max(1, round(image_HWC.shape[1] * factor)), max(1, round(image_HWC.shape[0] * factor)))
    return np.asarray(cv2.resize(image_HWC, size, interpolation=cv2.INTER_AREA), np.uint8)


def brighter(image_HWC: Picture, factor: float) -> Picture:
    return np.asarray(np.clip(image_HWC * factor, 0, 255), np.uint8)


def cropped(image_HWC: Picture, share: float) -> Picture:
    """`share` of the height and of the width is gone, half on each side."""
    y, x = (round(side * share / 2) for side in image_HWC.shape[:2])
    return image_HWC[y : image_HWC.shape[0] - y, x : image_HWC.shape[1] - x]


CHANGES: Mapping[str, Callable[[Picture], Picture]] = {
    "JPEG, quality 50": jpeg,
    "half the size": lambda image: resized(image, 0.5),
    "20 % darker": lambda image: brighter(image, 0.8),
    "20 % brighter, cut at white": lambda image: brighter(image, 1.2),
    "mirrored": lambda image: np.ascontiguousarray(image[:, ::-1]),
    "turned 90°": lambda image: np.ascontiguousarray(np.rot90(image)),
    "turned 180°": lambda image: np.ascontiguousarray(np.rot90(image, 2)),
    "turned 270°": lambda image: np.ascontiguousarray(np.rot90(image, 3)),
    "2 % cropped": lambda image: cropped(image, 0.02),
    "mirrored, turned, half, JPEG": lambda image: jpeg(resized(np.ascontiguousarray(np.rot90(image)[:, ::-1]), 0.5)),
}


@dataclass(frozen=True, slots=True)
class Result:
    """recall: by change. across: the pairs of untouched pictures across groups, in words. inside: those in a group."""

    recall: dict[str, float]
    across: tuple[str, ...]
    inside: int
    pictures: int


def measure(dataset: Dataset, seed: int = 0) -> Result:
    """One comparison of all pictures with one changed copy each of some of them, no original copied twice."""
    samples = dataset.samples
    order = np.random.default_rng(seed).permutation(len(samples))[: _EACH * len(CHANGES)]
    names = [name for _, name in zip(order, cycle(CHANGES), strict=False)]
    untouched = [thumbnail(read_image(s.path)) for s in samples]
    changed = [
        thumbnail(CHANGES[name](read_image(samples[place].path))) for place, name in zip(order, names, strict=True)
    ]
    copies = find_copies(np.stack([*untouched, *changed]), ConsoleReporter())
    pairs = {(min(c.first, c.second), max(c.first, c.second)) for c in copies}
    found: defaultdict[str, list[bool]] = defaultdict(list)
    for at, (place, name) in enumerate(zip(order, names, strict=True)):
        found[name].append((int(place), len(samples) + at) in pairs)
    real = [c for c in copies if max(c.first, c.second) < len(samples)]
    across = [c for c in real if samples[c.first].group != samples[c.second].group]
    said = tuple(f"{samples[c.first].name} = {samples[c.second].name} ({c.similarity:.3f})" for c in across)
    recall = {name: float(np.mean(hits)) for name, hits in found.items()}
    return Result(recall, said, len(real) - len(across), len(samples))


def main(folders: Sequence[Path], console: Console) -> None:
    results = {folder.name: measure(read_dataset(folder)) for folder in folders}
    table = Table("change", *results, box=None, title=f"share of copies found, {_EACH} pictures for each change")
    for change in CHANGES:
        table.add_row(change, *(f"{result.recall[change]:.2f}" for result in results.values()))
    table.add_row("pictures", *(f"{result.pictures:,}" for result in results.values()))
    table.add_row("untouched pairs inside a group", *(f"{result.inside:,}" for result in results.values()))
    table.add_row("untouched pairs across groups", *(f"{len(result.across):,}" for result in results.values()))
    console.print(table)
    for name, result in results.items():
        for line in result.across[:_NAMED]:
            console.print(f"{name}: {line}", highlight=False, markup=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    try:
        main(parser.parse_args().folders, Console())
    except EdgevlError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)
