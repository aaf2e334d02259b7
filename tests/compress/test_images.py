"""Every image file becomes uint8 BGR, or a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compress.data.images import check_images, read_image
from compress.errors import DataError
from tests.compress import layouts


def test_16_bits_are_scaled_by_their_range_not_by_their_content(tmp_path: Path) -> None:
    """A dark 16-bit picture stays dark: full scale is 65535."""
    pixels = np.array([[0, 256, 257], [32768, 40000, 65535]], np.uint16)
    image = read_image(layouts.write_pixels(tmp_path / "a.png", pixels))
    assert image.dtype == np.uint8
    assert image[..., 0].tolist() == [[0, 1, 1], [128, 156, 255]]


def test_grey_is_repeated_and_transparency_ignored(tmp_path: Path) -> None:
    """Always three channels, blue first."""
    grey = read_image(layouts.write_pixels(tmp_path / "grey.png", np.full((2, 3), 7, np.uint8)))
    clear = read_image(layouts.write_pixels(tmp_path / "clear.png", np.full((2, 3, 4), (9, 8, 7, 0), np.uint8)))
    assert grey.shape == clear.shape == (2, 3, 3)
    assert grey[0, 0].tolist() == [7, 7, 7]
    assert clear[0, 0].tolist() == [9, 8, 7]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_turned_camera_is_turned_back_and_the_quick_look_agrees(tmp_path: Path, format: str) -> None:
    """EXIF orientation 6: labels are drawn on the turned picture, so sizes must be of that one."""
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / f"turned.{format.lower()}"
    Image.fromarray(np.zeros((20, 40, 3), np.uint8)).save(path, format, exif=exif)
    assert read_image(path).shape == (40, 20, 3)
    facts = check_images([path])[0][path]
    assert (facts.width, facts.height) == (20, 40)


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "tif", "webp", "pgm", "jp2"])
def test_whole_images_pass_and_cut_off_ones_do_not(tmp_path: Path, suffix: str) -> None:
    """A copy that broke off is found in the quick look already, not in the middle of the training."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60), dtype=np.uint8)
    whole = layouts.write_pixels(tmp_path / f"whole.{suffix}", pixels)
    torn = tmp_path / f"torn.{suffix}"
    torn.write_bytes(whole.read_bytes()[:-30])
    facts, problems = check_images([whole, torn])
    assert set(facts) == {whole}
    assert [p.path for p in problems] == [torn]
    with pytest.raises(DataError, match=r"torn\.\w+ is (cut off|not an image or is damaged)"):
        read_image(torn)


def test_a_jpeg_with_something_after_its_end_is_whole(tmp_path: Path) -> None:
    """Some cameras append data of their own."""
    path = layouts.write_image(tmp_path / "a.jpg", seed=0)
    path.write_bytes(path.read_bytes() + bytes(100))
    assert path in check_images([path])[0]
    assert read_image(path).shape == (16, 24, 3)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\xff\xd8\xff", b"not an image at all", b"BM" + bytes(60)])
def test_what_is_no_image_gets_a_sentence_from_both(tmp_path: Path, content: bytes) -> None:
    """Whatever its suffix says."""
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert [p.path for p in check_images([path])[1]] == [path]
    with pytest.raises(DataError, match=r"a\.png"):
        read_image(path)


def test_a_flipped_bit_in_a_png_is_found(tmp_path: Path) -> None:
    """By its checksums, without decoding."""
    path = layouts.write_image(tmp_path / "a.png", seed=0)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "damaged" in check_images([path])[1][0].sentence


def test_floating_point_pixels_are_refused(tmp_path: Path) -> None:
    """Their range is not known, and guessing it from the content would differ from image to image."""
    path = layouts.write_pixels(tmp_path / "a.tif", np.full((4, 4), 0.5, np.float32))
    with pytest.raises(DataError, match="has float32 pixels, whose white is unknown; save it with 8 or 16 bits"):
        read_image(path)


def test_reading_is_exact_for_lossless_files(tmp_path: Path) -> None:
    """Nothing is scaled, turned or reordered on the way."""
    pixels = np.random.default_rng(1).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    assert np.array_equal(read_image(layouts.write_pixels(tmp_path / "零件 1.png", pixels)), pixels)
