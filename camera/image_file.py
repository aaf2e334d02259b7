"""One image file -> uint8 BGR, whatever its depth and channels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".jp2"})

# Keeps 16 bits and honours EXIF; IMREAD_UNCHANGED would not turn the picture.
_FLAGS = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH


class ImageFileError(Exception):
    """A file that is no image, is damaged, or has a depth without a known range; one sentence without its path."""


def read_image(path: Path) -> NDArray[np.uint8]:
    """Read a file as `decode_image` decodes it. Raises ImageFileError."""
    try:
        return decode_image(path.read_bytes())
    except OSError as error:
        raise ImageFileError(f"cannot be read: {error.strerror}") from error


def decode_image(encoded: bytes) -> NDArray[np.uint8]:
    """Decode an image to uint8 HxWx3 BGR, C-contiguous.

    16-bit is scaled by the range of its dtype, never by its content, so that equal light gives equal values in
    every picture. Grey becomes three equal channels, alpha is dropped, and the picture is turned as its EXIF says:
    the workshop trained on it that way up. Raises ImageFileError.
    """
    return _to_bgr(_to_uint8(decode_pixels(encoded)))


def decode_pixels(encoded: bytes) -> NDArray[np.generic]:
    """Decode an image as it is stored, HxW or HxWxC of 8 or 16 bits, turned as its EXIF says. Raises ImageFileError."""
    if not encoded:
        raise ImageFileError("is empty")
    if is_cut_off(encoded):
        raise ImageFileError("is cut off: its end is missing; copy it again")
    try:
        pixels = cv2.imdecode(np.frombuffer(encoded, dtype=np.uint8), _FLAGS)
    except cv2.error as error:
        raise ImageFileError("is damaged, or larger than can be decoded; copy it again") from error
    if pixels is None:
        raise ImageFileError("is not an image or is damaged; copy it again")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise ImageFileError(f"has {pixels.dtype} pixels, whose white is unknown; save it with 8 or 16 bits")
    return np.asarray(pixels)


def is_cut_off(encoded: bytes) -> bool:
    """Whether a JPEG lacks its end marker after the last scan; older OpenCV fills the rest with grey."""
    return encoded.startswith(b"\xff\xd8") and encoded.rfind(b"\xff\xd9") < encoded.rfind(b"\xff\xda")


def _to_uint8(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint16:
        return np.asarray(cv2.convertScaleAbs(pixels.astype(np.uint16, copy=False), alpha=1 / 257), dtype=np.uint8)
    return np.asarray(pixels, dtype=np.uint8)


def _to_bgr(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if channels in (1, 2):
        grey = pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[:, :, 0])
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    return np.ascontiguousarray(pixels[:, :, :3])
