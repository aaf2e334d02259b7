"""Defect map -> boxes in the frame: threshold, connected components, outlines, specks dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import Decision
from edge.geometry import Box, Region

MAX_BOXES = 20

# The map is enlarged to about this many pixels a side before it is thresholded, so that a box's edge follows
# the map's slope instead of its coarse cells.
_WORKING_SIDE = 64

# A component smaller than this share of one map cell is a ripple of the interpolation, not a place.
_MIN_CELL_SHARE = 0.5

# Below this share of the strongest place's peak, a place is an echo of it.
_ECHO = 0.5


@dataclass(frozen=True, slots=True)
class Marking:
    """What of a map gets a box: what reaches `threshold`, and of it what reaches `outline` times the place's own peak.

    A faint place is so found at a low threshold while a strong one is not outlined by its faint rim. Beside a strong
    place a faint one is an echo, and gets no box. With an outline of 0 each place is all that reaches the threshold.
    """

    threshold: float
    outline: float = 0.0


NOTHING = Marking(1.0)


def marking_of(rule: Decision, *, unlike_good: bool = False) -> Marking:
    """What a bundle's rule marks on the defect map; on the anomaly map with `unlike_good`, where the rule has one."""
    if unlike_good and rule.anomaly is not None:
        return Marking(rule.anomaly.map_threshold)
    return Marking(rule.map_threshold, rule.map_outline)


def boxes_from_map(
    map_HW: NDArray[np.float32], marking: Marking, region: Region, *, max_boxes: int = MAX_BOXES
) -> tuple[Box, ...]:
    """The places that a defect map (float32, 0..1, any size) marks, strongest first.

    The map covers `region`; boxes are in the region's frame pixels. `score` is the map's peak in the box.
    """
    threshold = marking.threshold
    peak = float(map_HW.max(initial=0.0))  # not a number where any place is none
    if not threshold <= peak < np.inf:
        return ()
    fine_HW = _enlarged(map_HW)
    above_HW = (fine_HW >= threshold).view(np.uint8)
    # OpenCV's statistics cost several times the labels themselves, and this runs for every NG part.
    count, labels_HW = cv2.connectedComponents(above_HW)
    least = _MIN_CELL_SHARE * fine_HW.size / map_HW.size
    places = (np.asarray(labels_HW == label) for label in range(1, count))
    boxes = [
        _box(fine_HW, inside_HW, region)
        for place_HW in places
        if np.count_nonzero(place_HW) >= least
        for inside_HW in _outlined(fine_HW, place_HW, marking, least)
    ]
    return strongest(boxes, marking)[:max_boxes]


def strongest(boxes: Sequence[Box], marking: Marking) -> tuple[Box, ...]:
    """The boxes of one picture without those that only echo a stronger one, strongest first."""
    ordered = sorted(boxes, key=lambda box: -box.score)
    if marking.outline == 0.0:
        return tuple(ordered)
    return tuple(box for box in ordered if box.score >= _ECHO * ordered[0].score)


def _outlined(
    fine_HW: NDArray[np.float32], place_HW: NDArray[np.bool_], marking: Marking, least: float
) -> Sequence[NDArray[np.bool_]]:
    """The parts of a place that reach the share of its peak: most often one, several where defects nearly touch."""
    level = marking.outline * float(fine_HW[place_HW].max())
    if level <= marking.threshold:
        return (place_HW,)
    count, labels_HW = cv2.connectedComponents((place_HW & (fine_HW >= level)).view(np.uint8))
    parts = [np.asarray(labels_HW == label) for label in range(1, count)]
    # A place that is a place stays one, however small the top of it.
    return [part for part in parts if np.count_nonzero(part) >= least] or [max(parts, key=np.count_nonzero)]


def _enlarged(map_HW: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = map_HW.shape
    factor = max(1, round(_WORKING_SIDE / max(height, width)))
    fine = cv2.resize(map_HW, (width * factor, height * factor), interpolation=cv2.INTER_LINEAR)
    return np.asarray(fine, dtype=np.float32)


def _box(fine_HW: NDArray[np.float32], inside_HW: NDArray[np.bool_], region: Region) -> Box:
    left, top, width, height = cv2.boundingRect(inside_HW.view(np.uint8))
    window = np.s_[top : top + height, left : left + width]
    _, score, _, _ = cv2.minMaxLoc(fine_HW[window], inside_HW[window].view(np.uint8))
    sx, sy = region.w / fine_HW.shape[1], region.h / fine_HW.shape[0]
    x, y = region.x + int(left * sx), region.y + int(top * sy)
    right, bottom = region.x + round((left + width) * sx), region.y + round((top + height) * sy)
    return Box(x, y, max(1, right - x), max(1, bottom - y), min(1.0, score))
