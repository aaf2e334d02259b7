"""Where a sample's defects are: as pixels of its image, as boxes, and as the target of a defect map."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from compress.data.dataset import BoxLabel, PolygonLabel, Sample
from compress.data.images import read_mask
from compress.data.readers.runs import draw_runs
from compress.errors import DataError
from edge.geometry import Box

_JOIN_PX = 6  # parts of a mask that lie closer are one defect
_SHIFT = 4  # OpenCV draws with fixed-point corners: 1/16 px


def defect_mask(sample: Sample, height: int, width: int) -> NDArray[np.bool_] | None:
    """The defect's pixels, bool HxW, for an image of `height` x `width`; None where nobody knows its place.

    From the mask file where there is one, else from polygons, run lengths and boxes together (a reader gives each
    defect once). All False for a good sample. Raises DataError where the mask file cannot be read or has another size.
    """
    if not sample.localised:
        return None
    if sample.kind == "good":
        return np.zeros((height, width), dtype=np.bool_)
    if sample.mask_path is not None:
        drawn_HW = read_mask(sample.mask_path)
        if drawn_HW.shape != (height, width):
            raise DataError(f"{sample.mask_path} is not of the size {width}x{height} of its image {sample.path}")
        return drawn_HW
    mask_HW = np.zeros((height, width), dtype=np.uint8)
    for polygon in sample.polygons:
        _draw_polygon(mask_HW, polygon)
    for box in sample.boxes:
        _draw_box(mask_HW, box)
    for runs in sample.runs:
        mask_HW |= draw_runs(runs)
    return mask_HW.astype(np.bool_)


def labelled_boxes(sample: Sample, mask_HW: NDArray[np.bool_]) -> tuple[Box, ...]:
    """The sample's places, in pixels: its boxes where they are the label, else one around each part of `mask_HW`."""
    height, width = mask_HW.shape
    if sample.boxes and not (sample.polygons or sample.runs or sample.mask_path):
        given = [(b.x0, b.y0, b.x1, b.y1) for b in sample.boxes]
        return tuple(_clipped(*each, width, height) for each in given)
    near = cv2.dilate(mask_HW.astype(np.uint8), np.ones((_JOIN_PX + 1, _JOIN_PX + 1), np.uint8))
    labels_HW = np.asarray(cv2.connectedComponents(near)[1]) * mask_HW
    return tuple(_around(labels_HW == number) for number in np.unique(labels_HW) if number)


def cell_shares(mask_HW: NDArray[np.bool_], map_h: int, map_w: int) -> NDArray[np.float32]:
    """The share of each cell of a `map_h` x `map_w` map that is marked, float32 0..1.

    The mask is averaged over the area of each cell, so a defect smaller than a cell leaves a small share, not
    nothing.
    """
    shares = cv2.resize(mask_HW.astype(np.float32), (map_w, map_h), interpolation=cv2.INTER_AREA)
    return np.clip(np.asarray(shares, dtype=np.float32), 0.0, 1.0)


def _clipped(x0: float, y0: float, x1: float, y1: float, width: int, height: int) -> Box:
    left, top = max(0, min(width - 1, round(x0))), max(0, min(height - 1, round(y0)))
    return Box(left, top, max(1, min(width, round(x1)) - left), max(1, min(height, round(y1)) - top), 1.0)


def _around(mask_HW: NDArray[np.bool_]) -> Box:
    x, y, w, h = cv2.boundingRect(mask_HW.astype(np.uint8))
    return Box(x, y, w, h, 1.0)


def _draw_polygon(mask_HW: NDArray[np.uint8], polygon: PolygonLabel) -> None:
    """Every pixel inside or under the outline. Labels count from a pixel's corner, OpenCV from its centre."""
    corners_N2 = np.round((np.array(polygon.points_N2) - 0.5) * 2**_SHIFT).astype(np.int32)
    cv2.fillPoly(mask_HW, [corners_N2], color=1, shift=_SHIFT)


def _draw_box(mask_HW: NDArray[np.uint8], box: BoxLabel) -> None:
    """Every pixel that the box touches."""
    rows = slice(max(0, math.floor(box.y0)), math.ceil(box.y1))
    columns = slice(max(0, math.floor(box.x0)), math.ceil(box.x1))
    mask_HW[rows, columns] = 1
