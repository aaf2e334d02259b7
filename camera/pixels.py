"""A camera's raw pixels -> uint8 BGR: grey and Bayer in 8 to 16 bits, packed and not, RGB and YUV.

Formats are named as in the GenICam Pixel Format Naming Convention (PFNC 2.4), in whose words cameras speak: `Mono8`,
`BayerRG12p`; and as in GigE Vision 1.2, which packs differently: `Mono12Packed`. Deeper pixels are scaled by their
format's range to 8 bits, never by their content, so that equal light gives equal values in every picture.
"""

from __future__ import annotations

import re
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

_BAYER = {
    "BayerRG": cv2.COLOR_BayerRGGB2BGR,
    "BayerGR": cv2.COLOR_BayerGRBG2BGR,
    "BayerGB": cv2.COLOR_BayerGBRG2BGR,
    "BayerBG": cv2.COLOR_BayerBGGR2BGR,
}

# Name -> bytes a pixel, what OpenCV calls the way to BGR (None: it is BGR already).
_COLOUR: dict[str, tuple[int, int | None]] = {
    "BGR8": (3, None),
    "RGB8": (3, cv2.COLOR_RGB2BGR),
    "RGBa8": (4, cv2.COLOR_RGBA2BGR),
    "BGRa8": (4, cv2.COLOR_BGRA2BGR),
    "YUV422_8": (2, cv2.COLOR_YUV2BGR_YUYV),
    "YUV422_8_UYVY": (2, cv2.COLOR_YUV2BGR_UYVY),
    "YCbCr422_8": (2, cv2.COLOR_YUV2BGR_YUYV),
}
# The same pixels under the names of GigE Vision 1.2.
_OLD_NAMES = {
    "BGR8Packed": "BGR8",
    "RGB8Packed": "RGB8",
    "YUV422Packed": "YUV422_8_UYVY",
    "YUV422_YUYV_Packed": "YUV422_8",
}

_SENSOR = re.compile(r"(Mono|Bayer(?:RG|GR|GB|BG))(8|10|12|14|16|10p|12p|10Packed|12Packed)")


class PixelError(Exception):
    """An unknown format, or bytes that are no such picture; one sentence."""


def to_bgr(pixels: bytes | memoryview, pixel_format: str, width: int, height: int) -> NDArray[np.uint8]:
    """Raw pixels without padding between rows -> HxWx3 uint8 BGR, C-contiguous. Bytes beyond the picture are ignored.

    Raises PixelError.
    """
    name = _OLD_NAMES.get(pixel_format, pixel_format)
    if name in _COLOUR:
        return _colour(pixels, name, width, height)
    match = _SENSOR.fullmatch(name)
    if match is None:
        raise PixelError(f"the pixel format {pixel_format} is not known; set one such as Mono8, BayerRG8 or BGR8")
    kind, depth = match.groups()
    raw_HW = _to_8_bits(_checked(pixels, name, width, height, _bits(depth)), depth, width * height)
    raw_HW = raw_HW.reshape(height, width)
    if kind != "Mono" and min(width, height) < 2:
        raise PixelError(f"a {name} picture of {width}x{height} is too small to have colours")
    return np.asarray(cv2.cvtColor(raw_HW, _BAYER.get(kind, cv2.COLOR_GRAY2BGR)), dtype=np.uint8)


def _bits(depth: str) -> int:
    """A pixel's share of the bytes: packed ones take what they need, others whole bytes."""
    number = int(re.sub(r"\D", "", depth))
    if depth.endswith("Packed"):
        return 12  # also 10 bits take three bytes a pair
    return number if depth.endswith("p") else 8 * ceil(number / 8)


def _checked(pixels: bytes | memoryview, name: str, width: int, height: int, bits_per_pixel: int) -> NDArray[np.uint8]:
    needed = ceil(width * height * bits_per_pixel / 8)
    if width < 1 or height < 1 or len(pixels) < needed:
        raise PixelError(f"a {name} picture of {width}x{height} needs {needed} bytes, but {len(pixels)} came")
    return np.frombuffer(pixels, np.uint8, needed)


def _colour(pixels: bytes | memoryview, name: str, width: int, height: int) -> NDArray[np.uint8]:
    bytes_per_pixel, code = _COLOUR[name]
    raw = _checked(pixels, name, width, height, 8 * bytes_per_pixel).reshape(height, width, bytes_per_pixel)
    if bytes_per_pixel == 2 and width % 2:
        raise PixelError(f"a {name} picture has an even width, but this one is {width} wide")
    return np.array(raw) if code is None else np.asarray(cv2.cvtColor(raw, code), dtype=np.uint8)


def _to_8_bits(raw: NDArray[np.uint8], depth: str, count: int) -> NDArray[np.uint8]:
    """The eight highest bits of each pixel, flat."""
    if depth == "8":
        return raw
    if depth in ("10Packed", "12Packed"):
        return _high_bytes(raw, count)
    if depth == "12p":
        return _unpacked(raw, count, 12)
    if depth == "10p":
        return _unpacked(raw, count, 10)
    deep: NDArray[np.uint16] = raw.view(np.dtype("<u2"))
    high: NDArray[np.uint16] = np.minimum(deep >> (int(depth) - 8), 255)
    return high.astype(np.uint8)


def _high_bytes(raw: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """GigE Vision packing: high byte, the low bits of two pixels, high byte."""
    high: NDArray[np.uint8] = raw[np.arange(len(raw)) % 3 != 1]
    return high[:count]


def _unpacked(raw: NDArray[np.uint8], count: int, bits: int) -> NDArray[np.uint8]:
    """PFNC packing: pixels one after the other, lowest bits first; the high eight of each span two bytes at most."""
    first_bit = np.arange(count, dtype=np.int64) * bits + bits - 8
    byte, shift = first_bit >> 3, (first_bit & 7).astype(np.uint16)
    padded = np.append(raw, np.uint8(0)).astype(np.uint16)
    pair: NDArray[np.uint16] = (padded[byte] >> shift) | (padded[byte + 1] << (8 - shift))
    return pair.astype(np.uint8)
