"""Made-up defects: inside their mask, different each time, the same for the same seed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from compress.good_parts.pseudo_defects import spoil
from compress.teachers.views import View


def _good(height: int, width: int, seed: int) -> View:
    image = np.random.default_rng(seed).integers(60, 190, (height, width, 3), dtype=np.uint8)
    return View(image, np.zeros((height, width), np.bool_))


@given(st.integers(8, 200), st.integers(8, 200), st.integers(0, 10_000))
def test_only_what_the_mask_marks_is_changed(height: int, width: int, seed: int) -> None:
    """For pictures of any shape; a soft edge may reach a few pixels further."""
    good, donor = _good(height, width, 0), _good(50, 70, 1).image_HWC
    spoilt = spoil(good, donor, np.random.default_rng(seed))
    assert spoilt.mask_HW is not None
    assert spoilt.image_HWC.shape == good.image_HWC.shape
    assert spoilt.image_HWC.dtype == np.uint8
    changed_HW = (spoilt.image_HWC != good.image_HWC).any(2)
    far = np.ones((2 * 7 + 1,) * 2)
    near_HW = np.pad(spoilt.mask_HW, 7)
    reach_HW = np.lib.stride_tricks.sliding_window_view(near_HW, far.shape).any((2, 3))
    assert not (changed_HW & ~reach_HW).any()


def test_defects_are_small_various_and_repeatable() -> None:
    """Most leave most of the part alone; two seeds differ; one seed gives one picture."""
    good, donor = _good(128, 128, 0), _good(128, 128, 1).image_HWC
    made = [spoil(good, donor, np.random.default_rng(seed)) for seed in range(60)]
    shares = [float(view.mask_HW.mean()) for view in made if view.mask_HW is not None]
    assert 0.001 < np.median(shares) < 0.15
    assert np.count_nonzero(shares) == len(shares)
    again = spoil(good, donor, np.random.default_rng(7))
    assert np.array_equal(again.image_HWC, made[7].image_HWC)
    assert not np.array_equal(made[7].image_HWC, made[8].image_HWC)
