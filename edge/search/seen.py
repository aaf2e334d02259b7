"""What a verdict says that a sentence can say too, as numbers and as words of a small vocabulary.

Places are those of the inspected region: nine cells, and near its edge or in its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Box, Region
from edge.messages import Verdict
from edge.verdict import Status

Size = Literal["small", "medium", "large"]
Row = Literal["upper", "middle", "lower"]
Column = Literal["left", "centre", "right"]
Cell = tuple[Row, Column]

ROWS: tuple[Row, ...] = ("upper", "middle", "lower")
COLUMNS: tuple[Column, ...] = ("left", "centre", "right")
_GRID = 6
_MOST_COUNTED = 4
# Shares of the region's area, as in reports: a defect is small below the first, large from the second on.
_SMALL, _LARGE = 0.01, 0.06
# How far from the middle, as a share of half the side, something is near the edge; and how near to be in the middle.
_EDGE, _CENTRE = 0.6, 0.3


@dataclass(frozen=True, slots=True)
class Patch:
    """A defect's place as shares of the region: its middle (u, v) and its size (w, h), all 0..1."""

    u: float
    v: float
    w: float
    h: float

    @property
    def size(self) -> Size:
        area = self.w * self.h
        return "small" if area < _SMALL else "large" if area >= _LARGE else "medium"

    @property
    def cell(self) -> Cell:
        return ROWS[min(2, int(self.v * 3))], COLUMNS[min(2, int(self.u * 3))]

    @property
    def is_at_edge(self) -> bool:
        return max(abs(self.u - 0.5), abs(self.v - 0.5)) * 2 >= _EDGE

    @property
    def is_central(self) -> bool:
        return max(abs(self.u - 0.5), abs(self.v - 0.5)) * 2 <= _CENTRE


@dataclass(frozen=True, slots=True)
class Seen:
    """A part as a verdict, or an annotation, says it is. patches: largest first."""

    status: Status
    class_name: str | None
    patches: tuple[Patch, ...]
    probability: float = 1.0
    defect_score: float = 1.0


def seen_in(verdict: Verdict) -> Seen:
    """What a verdict says."""
    patches = patches_of(verdict.boxes, verdict.region)
    return Seen(verdict.status, verdict.class_name, patches, verdict.probability, verdict.defect_score)


def patches_of(boxes: Sequence[Box], region: Region) -> tuple[Patch, ...]:
    """Boxes in pixels of the frame as shares of the region, largest first."""
    found = [
        Patch(
            _share((box.x + box.w / 2 - region.x) / region.w),
            _share((box.y + box.h / 2 - region.y) / region.h),
            _share(box.w / region.w),
            _share(box.h / region.h),
        )
        for box in boxes
    ]
    return tuple(sorted(found, key=lambda patch: -patch.w * patch.h))


def width_of(classes: int) -> int:
    """The length F of `numbers`."""
    return classes + 1 + 3 + 2 + _MOST_COUNTED + 1 + _GRID * _GRID + 6


def numbers(seen: Seen, classes: Sequence[str]) -> NDArray[np.float32]:
    """float32 [F]: class, status, how sure, how many, where (cells of a grid, and the largest), how large."""
    class_K = np.zeros(len(classes) + 1, np.float32)
    if seen.class_name is not None:
        class_K[classes.index(seen.class_name) if seen.class_name in classes else -1] = seen.probability
    status = [float(seen.status == status) for status in ("OK", "NG", "UNDECIDED")]
    count = [float(min(len(seen.patches), _MOST_COUNTED) == n) for n in range(_MOST_COUNTED + 1)]
    largest = seen.patches[0] if seen.patches else None
    place = [0.0] * 6 if largest is None else [1.0, largest.u, largest.v, largest.w, largest.h, _side(largest)]
    rest = [*status, seen.probability, seen.defect_score, *count, *_cover(seen.patches).ravel(), *place]
    return np.concatenate([class_K, np.array(rest, np.float32)])


def _cover(patches: Sequence[Patch]) -> NDArray[np.float32]:
    """How much of each cell of the grid is covered, 0..1."""
    cover_HW = np.zeros((_GRID, _GRID), np.float32)
    for patch in patches:
        across = _overlap(patch.u, patch.w)
        cover_HW = np.maximum(cover_HW, _overlap(patch.v, patch.h)[:, None] * across[None])
    return cover_HW


def _overlap(middle: float, length: float) -> NDArray[np.float32]:
    edge = np.arange(_GRID + 1) / _GRID
    low, high = middle - length / 2, middle + length / 2
    shared = np.minimum(high, edge[1:]) - np.maximum(low, edge[:-1])
    return np.asarray(np.clip(shared * _GRID, 0, 1), np.float32)


def _side(patch: Patch) -> float:
    return float((patch.w * patch.h) ** 0.5)


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))
