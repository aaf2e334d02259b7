"""What the workshop's pages share: templates that escape whatever they are given, and pictures inside the page."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray

from compress.report import numerals

_LONGEST_PX = 256
_JPEG_QUALITY = 80


def environment() -> Environment:
    """The workshop's templates by their paths in it, with the filters of `numerals`; every name is escaped."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parents[1]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for function in (
        numerals.score,
        numerals.score_interval,
        numerals.of_total,
        numerals.rate_interval,
        numerals.percent,
        numerals.amount,
        numerals.three_digits,
        numerals.change,
        numerals.tiny,
        numerals.duration,
    ):
        made.filters[function.__name__] = function
    return made


def shrunk(image_HWC: NDArray[np.uint8], longest_px: int = _LONGEST_PX) -> NDArray[np.uint8]:
    """The picture with its longest side at most `longest_px`; a smaller one stays as it is."""
    shrink = min(1.0, longest_px / max(image_HWC.shape[:2]))
    size = (max(1, round(image_HWC.shape[1] * shrink)), max(1, round(image_HWC.shape[0] * shrink)))
    return np.asarray(cv2.resize(image_HWC, size, interpolation=cv2.INTER_AREA), np.uint8)


def jpeg_uri(image_HWC: NDArray[np.uint8]) -> str:
    """The picture as a data URI that an `img` shows."""
    jpeg = cv2.imencode(".jpg", image_HWC, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")
