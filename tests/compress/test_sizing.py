"""The model's input: the pictures' own shape, and as large as small defects need."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from compress.data.dataset import read_dataset
from compress.data.sizing import choose_input
from edge.bundle.manifest import InputSpec
from tests.compress import layouts


def _marked(root: Path, height: int, width: int, side: int) -> Path:
    """VOC pictures of a size with one square defect each."""
    for index in range(12):
        name = f"{'dent' if index % 2 else 'hole'}_{index}"
        pixels = np.full((height, width, 3), 100 + index, np.uint8)
        layouts.write_pixels(root / "images" / f"{name}.png", pixels)
        box = (name.split("_")[0], 1, 1, side, side)
        layouts.write_voc(root / "annotations" / f"{name}.xml", box, size=(width, height))
    return root


@pytest.mark.parametrize(
    ("side", "size"), [(100, InputSpec(128, 128)), (8, InputSpec(192, 192)), (3, InputSpec(256, 256))]
)
def test_smaller_defects_get_a_larger_input(tmp_path: Path, side: int, size: InputSpec) -> None:
    """The smallest size at which they stay six pixels wide; the largest where none suffices."""
    spec, why = choose_input(read_dataset(_marked(tmp_path, 200, 200, side)), seed=0)
    assert spec == size
    assert "of marked defects stay at least 6 px wide" in why


def test_masks_count_as_boxes_do(tmp_path: Path) -> None:
    """Piece by piece, crumbs of the drawing left aside."""
    for index in range(24):
        layouts.write_pixels(tmp_path / f"{index}.png", np.full((200, 200, 3), 100 + index, np.uint8))
        mask = np.zeros((200, 200), np.uint8)
        if index % 2:
            mask[10:18, 10:18] = mask[100:108, 50:58] = mask[150, 150] = 255
        layouts.write_pixels(tmp_path / f"{index}_mask.png", mask)
    spec, why = choose_input(read_dataset(tmp_path), seed=0)
    assert spec == InputSpec(192, 192)
    assert "100% of marked defects" in why


def test_the_shape_is_kept_in_sixteens(tmp_path: Path) -> None:
    """Twice as wide as high stays so; squeezing would thin scratches in one direction only."""
    spec, _ = choose_input(read_dataset(_marked(tmp_path, 150, 300, 100)), seed=0)
    assert spec.width == pytest.approx(2 * spec.height, abs=16)
    assert spec.height % 16 == spec.width % 16 == 0


def _unmarked(root: Path, side: int) -> Path:
    """Twelve good and twelve bad pictures of a size; where they are bad nobody says."""
    for index in range(24):
        folder = root / ("bad" if index % 2 else "good")
        layouts.write_pixels(folder / f"{index}.png", np.full((side, side, 3), 100 + index, np.uint8))
    return root


@pytest.mark.parametrize(
    ("side", "defects", "size"),
    [
        (300, "auto", InputSpec(192, 192)),
        (150, "auto", InputSpec(128, 128)),
        (300, "hold-out", InputSpec(256, 256)),
        (200, "hold-out", InputSpec(192, 192)),
    ],
)
def test_unmarked_defects_may_be_small(
    tmp_path: Path, side: int, defects: Literal["auto", "hold-out"], size: InputSpec
) -> None:
    """A larger input where nobody says how small defects are, but pictures are not enlarged."""
    spec, why = choose_input(read_dataset(_unmarked(tmp_path, side), defects=defects), seed=0)
    assert spec == size
    assert "nobody marked defects" in why


def test_what_was_asked_for_is_taken(tmp_path: Path) -> None:
    """Whatever the marks say."""
    spec, why = choose_input(read_dataset(_marked(tmp_path, 200, 200, 3)), 0, "S")
    assert spec == InputSpec(128, 128)
    assert why == "size S, as asked for"
