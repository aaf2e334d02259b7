"""Is a picture fit to be judged at all? Measured on the model's input, held against what the training pictures showed.

Blur is told by detail: the step from one pixel to the next against the step over four pixels, along rows and along
columns, so that motion blur in one direction counts and neither brightness nor contrast does. 1 is noise, 0.25 a ramp.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

QualityReason = Literal["blurred", "underexposed", "overexposed", "lens_covered"]

_FAR = 4
# Limits of detail lie this far beyond the most unusual training pictures, as a share of their distance from the usual.
_SLACK = 0.2
_ALIKE = 0.03
# Light differs between the day of the training pictures and another day by more than detail does: as a share of what
# is left towards black, white or no contrast at all. `benchmarks/quality.py` measures what both are worth.
_LIGHT = 0.25
# The share of training pictures that are left out at either end: some are themselves unfit.
_UNUSUAL = 0.002
_BLACK, _WHITE = 5, 250
# A standard deviation in grey levels: below, there is nothing to be seen, sharp or not.
_NOTHING = 2.0


class Quality(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was measured of one picture.

    brightness: mean, 0..255. contrast: standard deviation, same unit. black, white: shares of pixels that are clipped.
    detail_x, detail_y: along rows and along columns, 0..1 and a little more.
    """

    brightness: float
    contrast: float
    black: float
    white: float
    detail_x: float
    detail_y: float


class QualityLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What pictures must keep to, as in `Quality`; no training picture but the oddest comes near."""

    darkest: float
    brightest: float
    most_black: float
    most_white: float
    least_contrast: float
    least_detail_x: float
    least_detail_y: float


def measure(image_HWC: NDArray[np.uint8]) -> Quality:
    """The quality of a model input (uint8 BGR, at least 8 x 8 pixels)."""
    grey_HW = np.asarray(cv2.cvtColor(image_HWC, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    mean, deviation = cv2.meanStdDev(grey_HW)
    pixels = grey_HW.size
    return Quality(
        brightness=float(mean[0, 0]),
        contrast=float(deviation[0, 0]),
        black=float(np.count_nonzero(grey_HW <= _BLACK) / pixels),
        white=float(np.count_nonzero(grey_HW >= _WHITE) / pixels),
        detail_x=_detail(grey_HW[:, :-_FAR], grey_HW[:, 1 : 1 - _FAR], grey_HW[:, _FAR:]),
        detail_y=_detail(grey_HW[:-_FAR], grey_HW[1 : 1 - _FAR], grey_HW[_FAR:]),
    )


def limits_of(seen: Sequence[Quality]) -> QualityLimits:
    """The limits that pictures like `seen` (at least one) keep."""
    values_NM = np.array([msgspec.structs.astuple(quality) for quality in seen])
    low_M, usual_M, high_M = np.quantile(values_NM, [_UNUSUAL, 0.5, 1 - _UNUSUAL], axis=0)
    low, usual, high = (Quality(*row_M.tolist()) for row_M in (low_M, usual_M, high_M))
    return QualityLimits(
        darkest=low.brightness * (1 - _LIGHT),
        brightest=high.brightness + _LIGHT * (255 - high.brightness),
        most_black=high.black + _LIGHT * (1 - high.black),
        most_white=high.white + _LIGHT * (1 - high.white),
        least_contrast=low.contrast * (1 - _LIGHT),
        least_detail_x=_least_detail(low.detail_x, usual.detail_x),
        least_detail_y=_least_detail(low.detail_y, usual.detail_y),
    )


def unfit(quality: Quality, limits: QualityLimits) -> QualityReason | None:
    """Why a picture cannot be judged; None where it can."""
    if quality.brightness < limits.darkest or quality.black > limits.most_black:
        return "underexposed"
    if quality.brightness > limits.brightest or quality.white > limits.most_white:
        return "overexposed"
    lacks_detail = quality.detail_x < limits.least_detail_x or quality.detail_y < limits.least_detail_y
    if lacks_detail and quality.contrast > _NOTHING:
        return "blurred"
    return "lens_covered" if lacks_detail or quality.contrast < limits.least_contrast else None


def _least_detail(low: float, usual: float) -> float:
    """Where all training pictures are alike, their small differences say little of the next day's."""
    return low - max(_SLACK * (usual - low), _ALIKE * usual)


def _detail(here_HW: NDArray[np.uint8], next_HW: NDArray[np.uint8], far_HW: NDArray[np.uint8]) -> float:
    far = cv2.norm(here_HW, far_HW, cv2.NORM_L1)
    return float(cv2.norm(here_HW, next_HW, cv2.NORM_L1) / far) if far else 0.0
