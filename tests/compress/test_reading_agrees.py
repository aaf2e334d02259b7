"""The device's folder camera and the workshop see a file the same way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camera.image_file import read_image as read_on_the_device
from compress.data.images import read_image as read_in_the_workshop


@pytest.mark.parametrize("turn", [1, 3, 6, 8])
def test_a_picture_is_the_same_on_both_sides_whatever_its_exif_says(tmp_path: Path, turn: int) -> None:
    """What was trained on and what is inspected must be the same way up."""
    exif = Image.Exif()
    exif[0x0112] = turn
    pixels = np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "part.jpg", exif=exif)
    device, workshop = read_on_the_device(tmp_path / "part.jpg"), read_in_the_workshop(tmp_path / "part.jpg")
    assert device.shape == ((24, 40, 3) if turn in (1, 3) else (40, 24, 3))
    np.testing.assert_array_equal(device, workshop)
