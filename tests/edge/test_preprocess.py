"""Frame -> model input: the same function in the workshop and on the line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.bundle.manifest import InputSpec
from edge.inspection.preprocess import model_input


@settings(deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 255))
def test_any_size_becomes_the_models_size_and_keeps_its_level(height: int, width: int, level: int) -> None:
    """uint8 in, uint8 out, contiguous; a flat picture stays flat."""
    image_HWC = np.full((height, width, 3), level, np.uint8)
    out_HWC = model_input(image_HWC, InputSpec(32, 48))
    assert out_HWC.shape == (32, 48, 3)
    assert out_HWC.dtype == np.uint8
    assert out_HWC.flags.c_contiguous
    assert np.all(out_HWC == level)


def test_the_whole_picture_is_kept_to_its_edges() -> None:
    """Nothing is cropped: a defect in the last column is in the input."""
    image_HWC = np.zeros((64, 200, 3), np.uint8)
    image_HWC[:, -10:] = 255
    assert model_input(image_HWC, InputSpec(32, 32))[:, -1].min() == 255


def test_shrinking_averages_so_a_fine_line_does_not_vanish() -> None:
    """A one-pixel scratch leaves a trace whatever its position; sampling would skip it."""
    for column in range(40, 48):
        image_HWC = np.zeros((256, 256, 3), np.uint8)
        image_HWC[:, column] = 255
        assert model_input(image_HWC, InputSpec(32, 32)).max() > 20


@pytest.mark.parametrize("side", [33, 40, 50, 61, 64, 75, 90, 100, 128, 200, 333])
def test_a_scratch_keeps_its_contrast_wherever_it_lies(side: int) -> None:
    """One pixel wide, at any column and in pictures of any size: what it adds to the input is its share of the area."""
    for column in range(side // 4, side // 4 + 12):
        image_HWC = np.zeros((side, side, 3), np.uint8)
        image_HWC[:, column] = 255
        kept = model_input(image_HWC, InputSpec(32, 32)).astype(float).mean() / image_HWC.mean()
        assert 0.85 < kept < 1.2, column


def test_a_view_of_a_frame_of_the_right_size_is_copied_to_be_contiguous() -> None:
    """A region cut from a frame is not contiguous; the engine needs it to be."""
    frame_HWC = np.arange(64 * 64 * 3, dtype=np.uint32).astype(np.uint8).reshape(64, 64, 3)
    out_HWC = model_input(frame_HWC[10:42, 10:42], InputSpec(32, 32))
    assert out_HWC.flags.c_contiguous
    assert np.array_equal(out_HWC, frame_HWC[10:42, 10:42])
