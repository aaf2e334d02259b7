"""Defect map -> boxes in the frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from edge.geometry import Region
from edge.inspection.boxes import MAX_BOXES, Marking, boxes_from_map

REGION = Region(100, 50, 320, 160)


def map_with(*cells: tuple[int, int, float], side: int = 16) -> np.ndarray:
    map_HW = np.zeros((side, side), np.float32)
    for row, column, value in cells:
        map_HW[row, column] = value
    return map_HW


def test_a_box_lies_where_the_map_is_high_in_frame_pixels() -> None:
    """The map covers the region, not the frame: cells of 20 x 10 px here, offset by the region's corner."""
    block = [(r, c, 1.0) for r in (4, 5, 6, 7) for c in (8, 9, 10, 11)]
    (box,) = boxes_from_map(map_with(*block), Marking(0.5), REGION)
    assert (box.x, box.y, box.w, box.h) == pytest.approx((260, 90, 80, 40), abs=4)
    assert box.score == pytest.approx(1.0)


def test_boxes_come_strongest_first_and_not_too_many() -> None:
    """Separate places are separate boxes."""
    cells = [(r, c, 0.6 + 0.01 * r) for r in range(1, 16, 2) for c in range(1, 16, 2)]
    boxes = boxes_from_map(map_with(*cells), Marking(0.3), REGION)
    scores = [box.score for box in boxes]
    assert len(boxes) == MAX_BOXES
    assert scores == sorted(scores, reverse=True)


def test_a_faint_place_is_found_and_a_strong_one_is_not_drawn_with_its_rim() -> None:
    """Each is outlined at a share of its own peak; beside a strong one, a faint one is an echo and gets no box."""
    strong = [(r, c, 1.0 if r in (4, 5) and c in (4, 5) else 0.2) for r in range(2, 8) for c in range(2, 8)]
    faint = [(r, c, 0.15) for r in (12, 13) for c in (12, 13)]
    for cells, place in ((strong, (180, 90, 40, 20)), (faint, (340, 170, 40, 20)), (strong + faint, (180, 90, 40, 20))):
        (box,) = boxes_from_map(map_with(*cells), Marking(0.1, 0.6), REGION)
        assert (box.x, box.y, box.w, box.h) == pytest.approx(place, abs=12)


def test_a_place_outlined_apart_is_two() -> None:
    """Two defects with a faint bridge between them."""
    cells = [(5, c, 0.9 if c in (2, 3, 10, 11) else 0.3) for c in range(2, 12)]
    assert len(boxes_from_map(map_with(*cells), Marking(0.1, 0.6), REGION)) == 2
    assert len(boxes_from_map(map_with(*cells), Marking(0.1), REGION)) == 1


@pytest.mark.parametrize("value", [0.0, 0.49, np.nan])
def test_a_map_below_the_threshold_or_without_sense_has_no_boxes(value: float) -> None:
    """Not-a-number is no place."""
    assert boxes_from_map(np.full((8, 8), value, np.float32), Marking(0.5), REGION) == ()


@given(
    npst.arrays(np.float32, st.tuples(st.integers(1, 30), st.integers(1, 30)), elements=st.floats(0, 1, width=32)),
    st.floats(0.01, 1),
    st.floats(0, 1),
    st.tuples(st.integers(1, 2000), st.integers(1, 2000)),
)
def test_boxes_stay_inside_the_region(
    map_HW: np.ndarray, threshold: float, outline: float, size: tuple[int, int]
) -> None:
    """For any map: at least a pixel large, inside, and at least as strong as the threshold."""
    region = Region(7, 9, *size)
    for box in boxes_from_map(map_HW, Marking(threshold, outline), region):
        assert box.w >= 1
        assert box.h >= 1
        assert region.x <= box.x < box.x + box.w <= region.x + region.w
        assert region.y <= box.y < box.y + box.h <= region.y + region.h
        assert threshold <= box.score + 1e-6
        assert box.score <= 1
