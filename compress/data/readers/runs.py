"""COCO's run-length masks (RLE), checked before they reach the C code of pycocotools, which trusts them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from compress.data.readers.found import RunsLabel
from compress.errors import DataError

_FIRST, _LAST, _MORE = 48, 111, 0x20
MAX_SIDE_PX = 65_500  # the largest that JPEG and OpenCV know


def runs_label(height: int, width: int, counts: Sequence[int] | str, class_name: str) -> RunsLabel:
    """From COCO's `size` and `counts`, plain or compressed. Raises DataError where they do not fit each other."""
    if not (0 < height <= MAX_SIDE_PX and 0 < width <= MAX_SIDE_PX):
        raise DataError(f"has run lengths for an image of {width}x{height}")
    runs = _uncompressed(counts) if isinstance(counts, str) else list(counts)
    if min(runs, default=-1) < 0 or sum(runs) != height * width:
        raise DataError(f"has run lengths that do not add up to {width}x{height} pixels")
    packed = coco.frPyObjects({"size": [height, width], "counts": runs}, height, width)
    return RunsLabel((width, height), bytes(packed["counts"]), float(sum(runs[1::2])), class_name)


def runs_of(mask_HW: NDArray[np.bool_], class_name: str) -> RunsLabel:
    """A drawn region as run lengths."""
    height, width = mask_HW.shape
    packed = coco.encode(np.asfortranarray(mask_HW, dtype=np.uint8))
    return RunsLabel((width, height), bytes(packed["counts"]), float(mask_HW.sum()), class_name)


def draw_runs(label: RunsLabel) -> NDArray[np.bool_]:
    """The region's pixels, bool HxW."""
    width, height = label.size
    return np.asarray(coco.decode({"size": [height, width], "counts": label.counts}), dtype=np.bool_)


def _uncompressed(text: str) -> list[int]:
    """Run lengths from COCO's text: six bits a character, low ones first.

    From the fourth run on, only the difference to the run two back is written. pycocotools reads such a text
    in C, and past its end where it is cut off, so it is read here.
    """
    runs: list[int] = []
    value, shift = 0, 0
    for letter in text:
        bits = ord(letter) - _FIRST
        if not _FIRST <= ord(letter) <= _LAST or shift > 60:
            raise DataError("has run lengths that are damaged")
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & _MORE:
            continue
        if bits & 0x10:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value, shift = 0, 0
    if shift:
        raise DataError("has run lengths that are cut off")
    return runs
