"""One look at every picture of a data set: its size, its depth, and a thumbnail to find copies by."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from compress.check.fingerprint import SIDE, thumbnail
from compress.data.images import read_image
from compress.data.readers.found import Problem
from compress.data.samples import Dataset
from compress.errors import DataError
from compress.progress import Reporter

_PNG_DEPTH_AT = 24  # the byte of a PNG header that holds the bits of a channel
_TIFF_DEPTH = 258
_GREY_MODES = frozenset({"1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F"})


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture is: its size as shown in px, the bits of a channel, and whether its file holds colours."""

    path: Path
    width: int
    height: int
    bits: int
    colour: bool


@dataclass(frozen=True, slots=True)
class Survey:
    """looks and thumb_NHW (uint8 N x SIDE x SIDE) of the pictures that can be decoded; problems names the others."""

    looks: tuple[Look, ...]
    thumb_NHW: NDArray[np.uint8]
    problems: tuple[Problem, ...]


def survey(dataset: Dataset, reporter: Reporter) -> Survey:
    """Decode every labelled picture once, with a bar. A damaged one is listed and ends nothing."""
    looks: list[Look] = []
    thumbs: list[NDArray[np.uint8]] = []
    problems: list[Problem] = []
    paths = [sample.path for sample in dataset.samples]
    with warnings.catch_warnings(), reporter.bar("looking at every picture", len(paths)) as advance:
        warnings.simplefilter("ignore")  # Pillow warns of odd metadata, which nothing here depends on
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for seen in pool.map(_look, paths):
                advance(1)
                if isinstance(seen, Problem):
                    problems.append(seen)
                else:
                    looks.append(seen[0])
                    thumbs.append(seen[1])
    stacked_NHW = np.stack(thumbs) if thumbs else np.zeros((0, SIDE, SIDE), np.uint8)
    return Survey(tuple(looks), stacked_NHW, tuple(problems))


def sizes_of(looks: Sequence[Look]) -> dict[Path, tuple[int, int]]:
    """(width, height) in px of each picture, as shown."""
    return {look.path: (look.width, look.height) for look in looks}


def _look(path: Path) -> tuple[Look, NDArray[np.uint8]] | Problem:
    try:
        image_HWC = read_image(path)
        bits, colour = _depth(path)
    except DataError as error:
        return Problem(path, str(error).removeprefix(f"{path} "))
    return Look(path, image_HWC.shape[1], image_HWC.shape[0], bits, colour), thumbnail(image_HWC)


def _depth(path: Path) -> tuple[int, bool]:
    """Bits of a channel and whether there is colour, by the header: decoding has made 8 bits and BGR of everything."""
    try:
        with Image.open(path) as image:
            colour, bits = image.mode not in _GREY_MODES, 16 if image.mode.startswith("I") else 8
            if image.format == "TIFF":
                stated = image.getexif().get(_TIFF_DEPTH, bits)
                bits = max(stated) if isinstance(stated, tuple) else int(stated)
            elif image.format == "PNG":
                with path.open("rb") as stream:
                    bits = stream.read(_PNG_DEPTH_AT + 1)[-1]
            return bits, colour
    except (OSError, SyntaxError, ValueError, IndexError) as error:
        raise DataError(f"{path} has a header that cannot be read ({error}); save it again") from error
