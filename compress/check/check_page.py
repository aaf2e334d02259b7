"""The page of `edgevl data check`: one HTML file with the pictures, that needs nothing but a browser."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from compress.check.check import Check, class_counts, group_counts
from compress.check.duplicates import Pair, grouped
from compress.check.fingerprint import TURNS
from compress.data.images import read_image
from compress.data.masks import defect_mask
from compress.data.readers.lists import SPLITS
from compress.data.samples import Dataset, Sample
from compress.errors import DataError
from compress.report.page import environment, jpeg_uri, shrunk

_SHOWN_OF_CLASS = 4
_SHOWN_CLASSES = 40
_SHOWN_PAIRS = 48
_SHOWN_PROBLEMS = 200
_SIZE_BARS = 12
_INK_BGR, _HALO_BGR = (40, 150, 255), (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture of the page. jpeg: a data URI with its marks drawn; None where it cannot be read."""

    sample: Sample
    path: str
    jpeg: str | None


@dataclass(frozen=True, slots=True)
class ShownPair:
    """Two near-duplicates side by side."""

    pair: Pair
    first: Shown
    second: Shown
    crosses: bool
    of_two_classes: bool


def write_page(check: Check, file: Path) -> None:
    """Write the page. Raises DataError where the file cannot be written."""
    try:
        file.write_text(render(check), encoding="utf-8", errors="replace")  # a file name need not be valid Unicode
    except OSError as error:
        raise DataError(
            f"cannot write {file} ({error.strerror}); give --html a file in a folder that exists"
        ) from error


def render(check: Check) -> str:
    """The page as text."""
    dataset = check.dataset
    return (
        environment()
        .get_template("check/check.html.j2")
        .render(
            check=check,
            dataset=dataset,
            splits=SPLITS,
            counts=class_counts(dataset),
            parts=group_counts(grouped(dataset, check.duplicates)),
            across=check.duplicates.across(dataset),
            pairs=_pairs(check),
            classes=[(label, _examples(dataset, label.name)) for label in dataset.classes[:_SHOWN_CLASSES]],
            sizes=_sizes(check),
            problems=[(dataset.below(p.path), p.sentence) for p in dataset.problems[:_SHOWN_PROBLEMS]],
            made=datetime.now(timezone.utc).date().isoformat(),
        )
    )


def _examples(dataset: Dataset, class_name: str) -> list[Shown]:
    """A few pictures spread over the class, so that they are not all of one part."""
    samples = [s for s in dataset.samples if s.class_name == class_name]
    places = np.linspace(0, len(samples) - 1, min(_SHOWN_OF_CLASS, len(samples))).round().astype(int)
    return [_shown(dataset, samples[place]) for place in places]


def _pairs(check: Check) -> list[ShownPair]:
    """Those on two sides of a split first, then those of two classes, then the surest."""
    dataset = check.dataset
    sample_of = {s.name: s for s in dataset.samples}
    across, mixed = set(check.duplicates.across(dataset)), set(check.duplicates.of_two_classes(dataset))
    order = sorted(check.duplicates.pairs, key=lambda p: (p not in across, p not in mixed, -p.similarity))
    return [
        ShownPair(
            p,
            _shown(dataset, sample_of[p.first], TURNS.index(p.transform)),
            _shown(dataset, sample_of[p.second]),
            p in across,
            p in mixed,
        )
        for p in order[:_SHOWN_PAIRS]
    ]


def _shown(dataset: Dataset, sample: Sample, turn: int = 0) -> Shown:
    path = dataset.below(sample.path)
    try:
        return Shown(sample, path, jpeg_uri(turned_picture(marked(sample), turn)))
    except DataError:
        return Shown(sample, path, None)


def turned_picture(image_HWC: NDArray[np.uint8], turn: int) -> NDArray[np.uint8]:
    """As `compress.check.fingerprint.turned`, for one picture in colour."""
    return np.ascontiguousarray(np.rot90(image_HWC[:, ::-1] if turn >= 4 else image_HWC, turn % 4))


def marked(sample: Sample) -> NDArray[np.uint8]:
    """The picture, small, with an outline around what is marked. Raises DataError where it cannot be read."""
    image_HWC = read_image(sample.path)
    small_HWC = shrunk(image_HWC)
    if sample.kind == "good" or not sample.localised:
        return small_HWC
    mask_HW = defect_mask(sample, *image_HWC.shape[:2])
    if mask_HW is None:
        return small_HWC
    scale = small_HWC.shape[1] / image_HWC.shape[1]
    outlines, _ = cv2.findContours(mask_HW.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    scaled = [np.round(outline * scale).astype(np.int32) for outline in outlines]
    for colour, width in ((_HALO_BGR, 3), (_INK_BGR, 1)):  # a dark seam keeps the line visible on any ground
        cv2.polylines(small_HWC, scaled, isClosed=True, color=colour, thickness=width)
    return small_HWC


def _sizes(check: Check) -> list[tuple[str, int]]:
    """How many pictures are of each size; in ranges of the longer side where there are too many sizes."""
    exact = Counter(f"{look.width} × {look.height}" for look in check.looks)
    if len(exact) <= _SIZE_BARS:
        return exact.most_common()
    longest_N = np.array([max(look.width, look.height) for look in check.looks])
    count_B, edge_B = np.histogram(longest_N, bins=_SIZE_BARS)
    return [
        (f"{low:.0f}–{high:.0f} px", int(count))
        for count, low, high in zip(count_B, edge_B[:-1], edge_B[1:], strict=True)
        if count
    ]
