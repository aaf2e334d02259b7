"""Large pictures: cut into overlapping tiles, judged one by one, and told as one.

Tiles lie evenly spaced, so that the first and the last end with the region. What is seen across a seam by two tiles is
one box: boxes of different tiles that overlap are joined, in pixels of the frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Protocol, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.boxes import MAX_BOXES
from edge.messages import Box, Region
from edge.verdict import Decided, Status

# Below, a tile is a speck that no model was made for, and a large frame would have tens of thousands.
SMALLEST_SIDE = 32

_GRAVITY: dict[Status, int] = {"OK": 0, "UNDECIDED": 1, "NG": 2}


@dataclass(frozen=True, slots=True)
class Tiling:
    """Tiles of width x height pixels of the frame; neighbours share at least `overlap` of their side (0 to 0.9).

    A defect is seen whole by some tile where it is no larger than the overlap.
    """

    width: int
    height: int
    overlap: float = 0.2


class TileFound(Protocol):
    """What one tile showed: `map_HW` is float32, 0..1, over `region`; boxes in pixels of the frame."""

    @property
    def decided(self) -> Decided: ...
    @property
    def region(self) -> Region: ...
    @property
    def boxes(self) -> tuple[Box, ...]: ...
    @property
    def map_HW(self) -> NDArray[np.float32] | None: ...  # noqa: N802  # shape suffix


T = TypeVar("T", bound=TileFound)


def tile_regions(region: Region, tiling: Tiling) -> tuple[Region, ...]:
    """The tiles of a region, row by row; the region itself where it is no larger than one."""
    rows = _starts(region.h, tiling.height, tiling.overlap)
    columns = _starts(region.w, tiling.width, tiling.overlap)
    width, height = min(tiling.width, region.w), min(tiling.height, region.h)
    return tuple(Region(region.x + x, region.y + y, width, height) for y in rows for x in columns)


def worst(tiles: Sequence[T]) -> T:
    """The tile that speaks for all: NG before UNDECIDED before OK, then by the defect score and the strongest box.

    Where no class is good every tile is NG, and the one with the strongest box names the class.
    """
    return max(tiles, key=_badness)


def joined_boxes(tiles: Iterable[TileFound]) -> tuple[Box, ...]:
    """The boxes of all tiles, those that overlap across tiles made one; strongest first, at most MAX_BOXES."""
    groups: list[list[tuple[int, Box]]] = []
    for number, tile in enumerate(tiles):
        for box in tile.boxes:
            touched = [g for g in groups if any(n != number and _overlap(box, other) for n, other in g)]
            groups = [g for g in groups if not any(g is one for one in touched)]
            groups.append([(number, box), *(pair for group in touched for pair in group)])
    boxes = [_around([box for _, box in group]) for group in groups]
    return tuple(sorted(boxes, key=lambda box: -box.score)[:MAX_BOXES])


def joined_map(tiles: Sequence[TileFound], region: Region) -> NDArray[np.float32] | None:
    """The tiles' maps as one over the region, float32, at about a tile's own resolution; where two overlap, the larger.

    None where no tile has a map.
    """
    there = [(tile.region, tile.map_HW) for tile in tiles if tile.map_HW is not None]
    if not there:
        return None
    first, map_HW = there[0]
    down, across = map_HW.shape[0] / first.h, map_HW.shape[1] / first.w
    whole_HW = np.zeros((max(1, round(region.h * down)), max(1, round(region.w * across))), np.float32)
    for place, part_HW in there:
        top, left = round((place.y - region.y) * down), round((place.x - region.x) * across)
        bottom = max(top + 1, round((place.y + place.h - region.y) * down))
        right = max(left + 1, round((place.x + place.w - region.x) * across))
        window_HW = whole_HW[top:bottom, left:right]
        size = (window_HW.shape[1], window_HW.shape[0])
        fitted = part_HW if part_HW.shape == window_HW.shape else cv2.resize(part_HW, size)
        np.maximum(window_HW, np.asarray(fitted, np.float32), out=window_HW)
    return whole_HW


def _starts(length: int, side: int, overlap: float) -> tuple[int, ...]:
    if length <= side:
        return (0,)
    step = side * (1 - overlap)
    count = 1 + ceil((length - side) / step)
    return tuple(round(i * (length - side) / (count - 1)) for i in range(count))


def _badness(tile: TileFound) -> tuple[int, float, float, float]:
    decided = tile.decided
    strongest = max((box.score for box in tile.boxes), default=0.0)
    return _GRAVITY[decided.status], round(decided.defect_score, 6), strongest, decided.probability


def _overlap(a: Box, b: Box) -> bool:
    return a.x < b.x + b.w and b.x < a.x + a.w and a.y < b.y + b.h and b.y < a.y + a.h


def _around(boxes: Sequence[Box]) -> Box:
    left, top = min(b.x for b in boxes), min(b.y for b in boxes)
    right, bottom = max(b.x + b.w for b in boxes), max(b.y + b.h for b in boxes)
    return Box(left, top, right - left, bottom - top, max(b.score for b in boxes))
