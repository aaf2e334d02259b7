"""Views of a training picture: the same for the same seed, and never without the defect."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from compress.teachers.views import View, make_view


def _picture(height: int, width: int, spot: tuple[int, int] | None) -> View:
    image = np.random.default_rng(height * width).integers(60, 200, (height, width, 3), dtype=np.uint8)
    if spot is None:
        return View(image, None)
    mask = np.zeros((height, width), np.bool_)
    top, left = spot[0] % (height - 8), spot[1] % (width - 8)
    mask[top : top + 8, left : left + 8] = True
    return View(image, mask)


def test_view_0_is_the_picture() -> None:
    """Untouched, so that the teacher's plain opinion is among what the student learns."""
    picture = _picture(40, 50, (3, 3))
    view = make_view(picture, 0, (0, 7))
    assert np.array_equal(view.image_HWC, picture.image_HWC)
    assert view.mask_HW is picture.mask_HW


def test_views_are_reproducible_and_differ() -> None:
    """A run that is started again must show the teacher what the student already has."""
    picture = _picture(40, 50, (3, 3))
    first, again, other = (make_view(picture, n, (0, 7)) for n in (1, 1, 2))
    assert np.array_equal(first.image_HWC, again.image_HWC)
    assert first.image_HWC.shape != other.image_HWC.shape or not np.array_equal(first.image_HWC, other.image_HWC)


@settings(max_examples=60, deadline=None)
@given(st.integers(16, 90), st.integers(16, 90), st.tuples(st.integers(0, 99), st.integers(0, 99)), st.integers(1, 50))
def test_a_view_keeps_the_marked_defect(height: int, width: int, spot: tuple[int, int], number: int) -> None:
    """Three quarters of its area at least; else the label would lie. Picture and mask stay together."""
    picture = _picture(height, width, spot)
    view = make_view(picture, number, (0, 0))
    assert picture.mask_HW is not None
    assert view.mask_HW is not None
    assert view.mask_HW.sum() >= 0.75 * picture.mask_HW.sum()
    assert view.image_HWC.shape[:2] == view.mask_HW.shape
    assert view.image_HWC.dtype == np.uint8


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([(40, 90), (90, 40), (30, 120)]), st.integers(1, 50))
def test_a_picture_far_from_square_is_never_turned_by_a_quarter(size: tuple[int, int], number: int) -> None:
    """It would be squeezed into the other shape, which no camera on the line ever shows."""
    height, width = make_view(_picture(*size, spot=None), number, (1, 2)).image_HWC.shape[:2]
    assert (height < width) == (size[0] < size[1])


def test_a_huge_picture_is_shrunk_and_a_one_pixel_defect_survives() -> None:
    """Area averaging would lose it; any part of it counts."""
    mask = np.zeros((2100, 3000), np.bool_)
    mask[1001, 2003] = True
    view = make_view(View(np.full((2100, 3000, 3), 128, np.uint8), mask), 0, (0,))
    assert max(view.image_HWC.shape) < 1500
    assert view.mask_HW is not None
    assert view.image_HWC.shape[:2] == view.mask_HW.shape
    assert view.mask_HW.any()
