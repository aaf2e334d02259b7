"""How many changed copies of real pictures the near-duplicate check finds, and how many pairs it sees where none is.

    python -m benchmarks.duplicates ../shared/data/neu ../shared/data/spindle ../shared/data/casting

For each data folder some pictures are taken out, changed in each way below, and put among all others. Found means tied
to their original. Pairs of untouched pictures are counted by the data's own groups: inside a group they show the same
part; across groups they are false, or copies that the grouping missed, so they are named to be looked at.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from compress.copies import find_copies
from compress.dataset import read_dataset
from compress.duplicates import tie
from compress.fingerprint import thumbnail
from compress.images import read_image
from compress.samples import Dataset
from edge.errors import EdgevlError

_TAKEN = 60
_NAMED = 20

Picture = NDArray[np.uint8]


def jpeg(image_HWC: Picture, quality: int = 50) -> Picture:
    encoded = cv2.imencode(".jpg", image_HWC, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


def resized(image_HWC: Picture, factor: float) -> Picture:
    size = (max(1, round(image_HWC.shape[1] * factor)), max(1, round(image_HWC.shape[0] * factor)))
    return np.asarray(cv2.resize(image_HWC, size, interpolation=cv2.INTER_AREA), np.uint8)


def brighter(image_HWC: Picture, factor: float) -> Picture:
    return np.clip(image_HWC * factor, 0, 255).astype(np.uint8)


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


def measure(dataset: Dataset, seed: int = 0) -> tuple[dict[str, float], list[str], int]:
    """Recall by change, the pairs across groups in words, and the number of pairs inside groups."""
    samples = dataset.samples
    taken = np.random.default_rng(seed).permutation(len(samples))[:_TAKEN]
    untouched_NHW = np.stack([thumbnail(read_image(s.path)) for s in samples])
    recall = {name: _recall(dataset, untouched_NHW, taken, change) for name, change in CHANGES.items()}
    copies = find_copies(untouched_NHW)
    across = [c for c in copies if samples[c.first].group != samples[c.second].group]
    named = [f"{samples[c.first].name} = {samples[c.second].name} ({c.similarity:.3f})" for c in across]
    return recall, named, len(copies) - len(across)


def _recall(
    dataset: Dataset, untouched_NHW: Picture, taken: NDArray[np.intp], change: Callable[[Picture], Picture]
) -> float:
    """The share of the taken pictures that are tied to their changed copy."""
    changed = [thumbnail(change(read_image(dataset.samples[place].path))) for place in taken]
    copies = find_copies(np.concatenate([untouched_NHW, np.stack(changed)]))
    tied_to = {place: cluster for cluster in tie((str(c.first), str(c.second)) for c in copies) for place in cluster}
    count = len(dataset.samples)
    return float(np.mean([str(place) in tied_to.get(str(count + at), ()) for at, place in enumerate(taken)]))


def main(folders: list[Path], console: Console) -> None:
    table = Table("change", box=None)
    results = []
    for folder in folders:
        table.add_column(folder.name, justify="right")
        results.append(measure(read_dataset(folder)))
    for change in CHANGES:
        table.add_row(change, *(f"{recall[change]:.2f}" for recall, _, _ in results))
    table.add_row("pairs inside the data's groups", *(f"{inside:,}" for _, _, inside in results))
    table.add_row("pairs across them", *(f"{len(named):,}" for _, named, _ in results))
    console.print(f"recall of {_TAKEN} pictures, changed in each way and put among all others", highlight=False)
    console.print(table)
    for folder, (_, named, _) in zip(folders, results, strict=True):
        for line in named[:_NAMED]:
            console.print(f"{folder.name}: {line}", highlight=False, markup=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    try:
        main(parser.parse_args().folders, Console())
    except EdgevlError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)
