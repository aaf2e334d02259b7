"""Large pictures: cut into overlapping tiles, judged one by one, and told as one.

Tiles lie evenly spaced, so that the first and the last end with the region. Their maps are put together before boxes
are looked for: what two tiles see across a seam is one place, and so one box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Protocol, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import Manifest
from edge.errors import ConfigError
from edge.geometry import Box, Region
from edge.inspection.boxes import MAX_BOXES, Marking, boxes_from_map, strongest
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


@dataclass(frozen=True, slots=True)
class TileWish:
    """Tiles as the line file asks for them: width and height in pixels, None for the size of the training pictures."""

    size: tuple[int, int] | None
    overlap: float

    def tiling(self, manifest: Manifest) -> Tiling:
        """The tiles for a bundle. Raises ConfigError where it does not say how large its training pictures were."""
        if self.size is not None:
            return Tiling(*self.size, self.overlap)
        if manifest.trained_on is None:
            raise ConfigError(
                f'the bundle {manifest.name} does not say how large its training pictures were, so `tiles = "auto"` '
                "cannot be; give the size of a tile as tiles = [width, height] in pixels, or make the bundle again"
            )
        return Tiling(manifest.trained_on.width, manifest.trained_on.height, self.overlap)


class TileFound(Protocol):
    """What one tile showed: `map_HW` is float32, 0..1, over `region`; `marking`: what of it is a defect."""

    @property
    def decided(self) -> Decided: ...
    @property
    def region(self) -> Region: ...
    @property
    def map_HW(self) -> NDArray[np.float32] | None: ...  # noqa: N802  # shape suffix
    @property
    def marking(self) -> Marking: ...


T = TypeVar("T", bound=TileFound)


def tile_regions(region: Region, tiling: Tiling) -> tuple[Region, ...]:
    """The tiles of a region, row by row; the region itself where it is no larger than one."""
    rows = _starts(region.h, tiling.height, tiling.overlap)
    columns = _starts(region.w, tiling.width, tiling.overlap)
    width, height = min(tiling.width, region.w), min(tiling.height, region.h)
    return tuple(Region(region.x + x, region.y + y, width, height) for y in rows for x in columns)


def worst(tiles: Sequence[T]) -> T:
    """The tile that speaks for all: NG before UNDECIDED before OK, then by the defect score and the map's peak.

    Where no class is good every tile is NG, and the one with the strongest place names the class.
    """
    return max(tiles, key=_badness)


def joined_map(tiles: Sequence[TileFound], whole: Region) -> NDArray[np.float32] | None:
    """The tiles' maps as one over the region, float32, 0..1, at a tile's own resolution; where two overlap, the larger.

    Held against the first tile's threshold: the others are scaled to it. None where no tile has a map.
    """
    there = [tile for tile in tiles if tile.map_HW is not None]
    if not there:
        return None
    first = there[0]
    assert first.map_HW is not None
    down, across = first.map_HW.shape[0] / first.region.h, first.map_HW.shape[1] / first.region.w
    whole_HW = np.zeros((max(1, round(whole.h * down)), max(1, round(whole.w * across))), np.float32)
    for tile in there:
        assert tile.map_HW is not None
        part_HW = tile.map_HW
        if tile.marking.threshold != first.marking.threshold:
            scale = np.float32(first.marking.threshold / tile.marking.threshold)
            part_HW = np.minimum(part_HW * scale, 1.0)
        top, left = round((tile.region.y - whole.y) * down), round((tile.region.x - whole.x) * across)
        window_HW = whole_HW[top : top + part_HW.shape[0], left : left + part_HW.shape[1]]
        np.maximum(window_HW, part_HW[: window_HW.shape[0], : window_HW.shape[1]], out=window_HW)
    return whole_HW


def boxes_on(map_HW: NDArray[np.float32], marking: Marking, whole: Region) -> tuple[Box, ...]:
    """The places of a map put together, strongest first, at most MAX_BOXES.

    Places are told apart cell by cell, and each of the strongest is then outlined as `edge.inspection.boxes` does:
    to enlarge all of a large map would take longer than many a tile.
    """
    above_HW = (map_HW >= marking.threshold).view(np.uint8)
    count, labels_HW, stats_N5, _ = cv2.connectedComponentsWithStats(above_HW)
    places = []
    for label in range(1, count):
        x, y, w, h = (int(value) for value in stats_N5[label, :4])
        window = np.s_[max(0, y - 1) : y + h + 1, max(0, x - 1) : x + w + 1]
        # The cells of other places would be outlined with it.
        own_HW = np.where((labels_HW[window] == label) | (above_HW[window] == 0), map_HW[window], np.float32(0))
        places.append((float(own_HW.max()), max(0, x - 1), max(0, y - 1), own_HW))
    places.sort(key=lambda place: -place[0])
    sx, sy = whole.w / map_HW.shape[1], whole.h / map_HW.shape[0]
    found = [
        box
        for _, x, y, own_HW in places[:MAX_BOXES]
        for box in boxes_from_map(np.asarray(own_HW, np.float32), marking, _of_cells(own_HW, x, y, sx, sy, whole))
    ]
    return strongest(found, marking)[:MAX_BOXES]


def _of_cells(own_HW: NDArray[np.floating], x: int, y: int, sx: float, sy: float, whole: Region) -> Region:
    """The pixels of the frame that a window of cells covers."""
    left, top = whole.x + round(x * sx), whole.y + round(y * sy)
    right, bottom = (
        min(whole.x + whole.w, whole.x + round((x + own_HW.shape[1]) * sx)),
        min(whole.y + whole.h, whole.y + round((y + own_HW.shape[0]) * sy)),
    )
    return Region(left, top, max(1, right - left), max(1, bottom - top))


def _starts(length: int, side: int, overlap: float) -> tuple[int, ...]:
    if length <= side:
        return (0,)
    step = side * (1 - overlap)
    count = 1 + ceil((length - side) / step)
    return tuple(round(i * (length - side) / (count - 1)) for i in range(count))


def _badness(tile: TileFound) -> tuple[int, float, float, float]:
    decided = tile.decided
    peak = 0.0 if tile.map_HW is None or decided.status != "NG" else float(tile.map_HW.max())
    return _GRAVITY[decided.status], round(decided.defect_score, 6), peak, decided.probability
