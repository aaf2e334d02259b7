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

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from camera.image_file import ImageFileError, decode_image, decode_pixels, is_cut_off
from compress.data.readers.found import Problem
from compress.errors import DataError
from compress.progress import Reporter, SilentReporter

LOSSY = frozenset({".jpg", ".jpeg", ".webp"})
_EXIF_ORIENTATION = 0x0112
_QUARTER_TURNS = frozenset({5, 6, 7, 8})


@dataclass(frozen=True, slots=True)
class Facts:
    """What a look at one image file tells: its size as shown, in pixels, and the SHA-256 of its bytes."""

    width: int
    height: int
    digest: str


def read_image(path: Path) -> NDArray[np.uint8]:
    """Read an image as uint8 BGR, HxWx3, as the device does (`camera.image_file.decode_image`).

    Raises DataError where the file cannot be read, is cut off, or holds floating-point pixels.
    """
    return _decode(_bytes_of(path), path)


def read_mask(path: Path) -> NDArray[np.bool_]:
    """Read a mask as bool HxW: every value but 0 is marked; in a lossy file, the brighter half of them.

    A number of a class may stand in 16 bits, so nothing is scaled first. Raises DataError as `read_image` does.
    """
    try:
        return decode_mask(_bytes_of(path), is_lossy=path.suffix.lower() in LOSSY)
    except ImageFileError as error:
        raise DataError(f"{path} {error}") from error


def decode_mask(encoded: bytes, is_lossy: bool = False) -> NDArray[np.bool_]:
    """The same from the bytes of a file. Raises ImageFileError."""
    pixels = np.asarray(decode_pixels(encoded))
    marked = pixels >= 128 if is_lossy else pixels != 0
    return np.asarray(marked[..., :3].any(axis=2) if marked.ndim == 3 else marked, dtype=np.bool_)


def check_images(
    paths: Sequence[Path], reporter: Reporter | None = None
) -> tuple[dict[Path, Facts], tuple[Problem, ...]]:
    """Look at every file, in threads: its header and its end, and all pixels where that costs little.

    JPEG is not decoded (a torn end shows without), PNG is checked by its checksums. A damaged file becomes a
    Problem instead of Facts.
    """
    bar = (reporter or SilentReporter()).bar("looking at the files", len(paths))
    with warnings.catch_warnings(), ThreadPoolExecutor(max_workers=os.cpu_count()) as pool, bar as advance:
        warnings.simplefilter("ignore")  # Pillow warns of odd metadata, which nothing here depends on
        looks = []
        for look in pool.map(_look, paths):
            looks.append(look)
            advance()
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
            elif is_cut_off(data):
                raise DataError(f"{path} is cut off: its end is missing; copy it again")
    except Image.DecompressionBombError as error:
        raise DataError(f"{path} has too many pixels to be one camera picture; cut it into tiles") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError) as error:
        raise DataError(f"{path} is not an image or is damaged ({_reason(error)}); copy it again") from error
    return Facts(width, height, hashlib.sha256(data).hexdigest())


def _decode(data: bytes, path: Path) -> NDArray[np.uint8]:
    try:
        return decode_image(data)
    except ImageFileError as error:
        raise DataError(f"{path} {error}") from error


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error


def _orientation(image: Image.Image) -> int:
    """From the EXIF block as it lies in the file: `Image.getexif` would decode a whole PNG to find it."""
    exif = Image.Exif()
    block = image.info.get("exif")
    if block:
        exif.load(block)
    return int(exif.get(_EXIF_ORIENTATION, 1))


def _reason(error: Exception) -> str:
    return "unknown format" if isinstance(error, UnidentifiedImageError) else str(error) or type(error).__name__
