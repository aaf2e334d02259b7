"""Image files -> pixels, and a quick look at every file before the long work starts."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from compress.errors import DataError
from compress.readers.found import Problem

# Keeps 16 bits and honours EXIF; IMREAD_UNCHANGED would not turn the picture.
_FLAGS = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
_EXIF_ORIENTATION = 0x0112
_QUARTER_TURNS = frozenset({5, 6, 7, 8})


@dataclass(frozen=True, slots=True)
class Facts:
    """What a look at one image file tells: its size as shown, in pixels, and the SHA-256 of its bytes."""

    width: int
    height: int
    digest: str


def read_image(path: Path) -> NDArray[np.uint8]:
    """Read an image as uint8 BGR, HxWx3, turned as its EXIF says.

    16 bits are scaled to 8 by the type's range, never by the content; grey is repeated, transparency ignored.
    Raises DataError where the file cannot be read, is cut off, or holds floating-point pixels.
    """
    return _decode(_bytes_of(path), path)


def check_images(paths: Sequence[Path]) -> tuple[dict[Path, Facts], tuple[Problem, ...]]:
    """Look at every file, in threads: its header and its end, and all pixels where that costs little.

    JPEG is not decoded (a torn end shows without), PNG is checked by its checksums. A damaged file becomes a
    Problem instead of Facts.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        warnings.simplefilter("ignore")  # Pillow warns of odd metadata, which nothing here depends on
        looks = list(pool.map(_look, paths))
    facts = {path: look for path, look in zip(paths, looks, strict=True) if isinstance(look, Facts)}
    return facts, tuple(look for look in looks if isinstance(look, Problem))


def _look(path: Path) -> Facts | Problem:
    try:
        return _facts(_bytes_of(path), path)
    except DataError as error:
        return Problem(path, str(error).removeprefix(f"{path} "))


def _facts(data: bytes, path: Path) -> Facts:
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            if image.format != "TIFF" and _orientation(image) in _QUARTER_TURNS:  # a TIFF's size is turned already
                width, height = height, width
            if image.format == "PNG":
                image.verify()
            elif image.format != "JPEG":
                _decode(data, path)
            elif _is_cut_off(data):
                raise DataError(f"{path} is cut off: its end is missing; copy it again")
    except Image.DecompressionBombError as error:
        raise DataError(f"{path} has too many pixels to be one camera picture; cut it into tiles") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError) as error:
        raise DataError(f"{path} is not an image or is damaged ({_reason(error)}); copy it again") from error
    return Facts(width, height, hashlib.sha256(data).hexdigest())


def _decode(data: bytes, path: Path) -> NDArray[np.uint8]:
    if _is_cut_off(data):
        raise DataError(f"{path} is cut off: its end is missing; copy it again")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), _FLAGS) if data else None
    except cv2.error as error:
        raise DataError(f"{path} cannot be decoded ({error.err}); copy it again") from error
    if image is None:
        raise DataError(f"{path} is not an image or is damaged; copy it again")
    if image.dtype not in (np.uint8, np.uint16):
        raise DataError(f"{path} holds {image.dtype} pixels; save it with 8 or 16 bits")
    eight_bits = image if image.dtype == np.uint8 else ((image.astype(np.uint32) + 128) // 257).astype(np.uint8)
    bgr = cv2.cvtColor(eight_bits, cv2.COLOR_GRAY2BGR) if eight_bits.ndim == 2 else eight_bits
    return np.ascontiguousarray(bgr, dtype=np.uint8)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error


def _is_cut_off(data: bytes) -> bool:
    """Whether a JPEG lacks its end marker after the last scan; older OpenCV fills the rest with grey."""
    return data.startswith(b"\xff\xd8") and data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda")


def _orientation(image: Image.Image) -> int:
    """From the EXIF block as it lies in the file: `Image.getexif` would decode a whole PNG to find it."""
    exif = Image.Exif()
    block = image.info.get("exif")
    if block:
        exif.load(block)
    return int(exif.get(_EXIF_ORIENTATION, 1))


def _reason(error: Exception) -> str:
    return "unknown format" if isinstance(error, UnidentifiedImageError) else str(error) or type(error).__name__
