"""Raw pixels of every format become the same BGR picture."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from camera.pixels import PixelError, to_bgr

WIDTH, HEIGHT = 10, 6  # 60 pixels: whole groups in every packing
GREY_HW = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)


def bits_of(values: NDArray[np.int64], bits: int) -> bytes:
    """PFNC packing, by the letter: the values' bits one after the other, lowest first."""
    stream = [(int(value) >> bit) & 1 for value in values.ravel() for bit in range(bits)]
    return np.packbits(np.array(stream, np.uint8), bitorder="little").tobytes()


def gige_packed(values: NDArray[np.int64], bits: int) -> bytes:
    """GigE Vision packing: high byte of the first, low bits of both, high byte of the second."""
    pairs = values.reshape(-1, 2)
    low = pairs & ((1 << (bits - 8)) - 1)
    columns = [pairs[:, 0] >> (bits - 8), low[:, 0] | low[:, 1] << 4, pairs[:, 1] >> (bits - 8)]
    return np.stack(columns, axis=1).astype(np.uint8).tobytes()


def encoded(name: str) -> bytes:
    """The grey picture as a sensor of that format sends it, with noise in the bits that 8 bits have no room for."""
    depth = int("".join(c for c in name if c.isdigit()))
    noise = np.random.default_rng(1).integers(0, 1 << (depth - 8), GREY_HW.shape)
    values = (GREY_HW.astype(np.int64) << (depth - 8)) | noise
    if name.endswith("Packed"):
        return gige_packed(values, depth)
    if name.endswith("p"):
        return bits_of(values, depth)
    return values.astype("<u2" if depth > 8 else np.uint8).tobytes()


@pytest.mark.parametrize("depth", ["8", "10", "12", "14", "16", "10p", "12p", "10Packed", "12Packed"])
def test_grey_of_every_depth_keeps_its_eight_highest_bits(depth: str) -> None:
    """Scaled by the format's range: the same light is the same grey in every format."""
    image_HWC = to_bgr(encoded(f"Mono{depth}") + b"padding", f"Mono{depth}", WIDTH, HEIGHT)
    assert image_HWC.flags.c_contiguous
    for channel in range(3):
        np.testing.assert_array_equal(image_HWC[:, :, channel], GREY_HW)


@pytest.mark.parametrize(
    ("pattern", "red_at", "blue_at"),
    [("RG", (0, 0), (1, 1)), ("BG", (1, 1), (0, 0)), ("GR", (0, 1), (1, 0)), ("GB", (1, 0), (0, 1))],
)
@pytest.mark.parametrize("depth", ["8", "12p", "12Packed"])
def test_a_bayer_pattern_is_named_by_its_first_two_pixels(
    pattern: str, red_at: tuple[int, int], blue_at: tuple[int, int], depth: str
) -> None:
    """As GenICam names them, not OpenCV: an even orange comes out orange in every pattern."""
    bits = int("".join(c for c in depth if c.isdigit()))
    mosaic_HW = np.full((HEIGHT, WIDTH), 120, np.int64)
    mosaic_HW[red_at[0] :: 2, red_at[1] :: 2] = 240
    mosaic_HW[blue_at[0] :: 2, blue_at[1] :: 2] = 10
    values = mosaic_HW << (bits - 8)
    packed = {"8": values.astype(np.uint8).tobytes(), "12p": bits_of(values, 12), "12Packed": gige_packed(values, 12)}
    image_HWC = to_bgr(packed[depth], f"Bayer{pattern}{depth}", WIDTH, HEIGHT)
    assert image_HWC.reshape(-1, 3).tolist() == [[10, 120, 240]] * (WIDTH * HEIGHT)


@pytest.mark.parametrize(
    ("name", "pixel"),
    [
        ("BGR8", [10, 120, 240]),
        ("RGB8", [240, 120, 10]),
        ("RGB8Packed", [240, 120, 10]),
        ("BGRa8", [10, 120, 240, 7]),
        ("RGBa8", [240, 120, 10, 7]),
    ],
)
def test_colours_come_out_as_bgr(name: str, pixel: list[int]) -> None:
    """Whatever the order they came in; transparency is dropped."""
    image_HWC = to_bgr(bytes(pixel) * (WIDTH * HEIGHT), name, WIDTH, HEIGHT)
    assert image_HWC.reshape(-1, 3).tolist() == [[10, 120, 240]] * (WIDTH * HEIGHT)


@pytest.mark.parametrize(("name", "four"), [("YUV422_8", [128, 90, 128, 240]), ("YUV422Packed", [90, 128, 240, 128])])
def test_yuv_is_red_where_v_is_large(name: str, four: list[int]) -> None:
    """Two pixels in four bytes, in both orders."""
    blue, green, red = to_bgr(bytes(four) * (WIDTH * HEIGHT // 2), name, WIDTH, HEIGHT)[0, 0].tolist()
    assert red > 200 > green
    assert blue < 100


@pytest.mark.parametrize(
    ("name", "size", "count", "says"),
    [
        ("Mono9", (4, 4), 99, "Mono9 is not known; set one such as Mono8"),
        ("Mono8", (4, 4), 15, "a Mono8 picture of 4x4 needs 16 bytes, but 15 came"),
        ("Mono12p", (3, 3), 13, "needs 14 bytes"),
        ("Mono8", (0, 4), 15, "picture of 0x4"),
        ("BayerRG8", (1, 9), 99, "too small to have colours"),
        ("YUV422_8", (3, 2), 99, "even width"),
    ],
)
def test_what_is_no_such_picture_is_said(name: str, size: tuple[int, int], count: int, says: str) -> None:
    """Unknown formats, too few bytes and impossible sizes: one sentence."""
    with pytest.raises(PixelError, match=says):
        to_bgr(bytes(count), name, *size)


NAMES = st.sampled_from(
    ["Mono8", "Mono10p", "Mono12p", "Mono12Packed", "Mono16", "BayerGB10Packed", "RGB8", "YUV422_8"]
)


@given(NAMES | st.text(max_size=12), st.integers(-2, 9), st.integers(-2, 9), st.binary(max_size=200))
def test_any_bytes_give_a_picture_of_that_size_or_a_sentence(name: str, width: int, height: int, raw: bytes) -> None:
    """Nothing else leaves it, whatever a camera sends."""
    with contextlib.suppress(PixelError):
        assert to_bgr(raw, name, width, height).shape == (height, width, 3)
