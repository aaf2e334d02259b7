"""Made-up defects on pictures of good parts, so that a student sees what its teacher makes of something odd.

No look at a real defect: shapes are random, and what fills them comes from the training pictures themselves, from
their brightness, or is plain colour (after Li et al. 2021, "CutPaste", and Zavrtanik et al. 2021, "DRAEM").
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from compress.teachers.views import View

_MOST_DEFECTS = 3
_CORNERS = 12

# Sizes as shares of the picture's side (the root of its area); drawn evenly over their logarithms.
_STROKE_LENGTH = (0.06, 0.5)
_STROKE_WIDTH = (0.008, 0.04)
_BLOB_RADIUS = (0.015, 0.12)

_Floats = NDArray[np.floating[Any]]


def spoil(good: View, donor_HWC: NDArray[np.uint8], rng: np.random.Generator) -> View:
    """The picture with one to three made-up defects, and the mask of where they are.

    donor_HWC: another training picture (uint8 BGR, any size), whose texture may be patched in.
    """
    height, width = good.image_HWC.shape[:2]
    image_HWC: _Floats = good.image_HWC.astype(np.float32)
    spoilt_HW = np.zeros((height, width), np.bool_)
    for _ in range(int(rng.integers(1, _MOST_DEFECTS + 1))):
        shape_HW = _shape(height, width, rng)
        filling_HWC = _filling(image_HWC, donor_HWC, rng)
        alpha_HW1 = (rng.uniform(0.35, 1.0) * _softened(shape_HW, rng))[..., None]
        image_HWC = image_HWC * (1 - alpha_HW1) + filling_HWC * alpha_HW1
        spoilt_HW |= shape_HW > 0
    return View(np.clip(image_HWC + 0.5, 0, 255).astype(np.uint8), spoilt_HW)


def _shape(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A stroke or a ragged blob, 1 inside."""
    side = float(np.sqrt(height * width))
    centre_2 = rng.uniform(0.05, 0.95, 2) * (width, height)
    if rng.random() < 0.3:
        size = (side * _log_uniform(_STROKE_LENGTH, rng), max(1.5, side * _log_uniform(_STROKE_WIDTH, rng)))
        corners_N2 = cv2.boxPoints((tuple(centre_2), size, rng.uniform(0, 180)))
    else:
        angle_N = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
        radius_N = side * _log_uniform(_BLOB_RADIUS, rng) * np.exp(rng.normal(0, 0.35, _CORNERS))
        longer = np.exp(rng.uniform(-0.6, 0.6))
        offset_N2 = np.stack([longer * np.cos(angle_N), np.sin(angle_N) / longer], axis=1)
        corners_N2 = centre_2 + radius_N[:, None] * offset_N2
    shape_HW = np.zeros((height, width), np.float32)
    cv2.fillPoly(shape_HW, [np.round(corners_N2).astype(np.int32)], color=1.0)
    return shape_HW


def _filling(image_HWC: _Floats, donor_HWC: NDArray[np.uint8], rng: np.random.Generator) -> _Floats:
    """What the shape shows: texture from elsewhere, from another picture, other light, or colour with noise."""
    height, width = image_HWC.shape[:2]
    match int(rng.integers(4)):
        case 0:
            return np.asarray(_rolled(image_HWC, rng) * rng.uniform(0.8, 1.2))
        case 1:
            donor = cv2.resize(donor_HWC, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
            return np.asarray(_rolled(donor, rng) * rng.uniform(0.6, 1.4))
        case 2:
            darker = rng.random() < 0.5
            return image_HWC + (-1 if darker else 1) * rng.uniform(15, 90)
        case _:
            colour = rng.uniform(0, 255, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(0, 255))
            return colour + rng.normal(0, rng.uniform(2, 25), image_HWC.shape)


def _rolled(image_HWC: _Floats, rng: np.random.Generator) -> _Floats:
    """Moved by at least an eighth of each side, around the edges."""
    by = [int(rng.integers(side // 8, side - side // 8 + 1)) for side in image_HWC.shape[:2]]
    return np.roll(image_HWC, by, axis=(0, 1))


def _softened(shape_HW: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    sigma = rng.uniform(0.0, 1.5)
    if sigma < 0.3:
        return shape_HW
    return np.asarray(cv2.GaussianBlur(shape_HW, (0, 0), sigma), np.float32)


def _log_uniform(bounds: tuple[float, float], rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(bounds[0]), np.log(bounds[1]))))
