"""Frame -> model input. The workshop trains on the output of this very function, so there is no skew.

Everything else (colour order, scaling, layout) is inside the ONNX graph.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import InputSpec

# Beyond, bilinear interpolation to twice the size would step over pixels.
_MOST_LEFT = 2.5


def model_input(image_HWC: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    """Stretch a uint8 BGR picture of any size to `spec` (height, width, 3).

    The whole picture is kept: a defect at the edge must stay in view, so nothing is cropped. Shrinking averages
    over the area (no aliasing of fine scratches); enlarging is bilinear.

    To average over areas of any size costs OpenCV three times as much as to halve (its fast path). So a picture is
    halved as often as it can be; what is left is stretched to twice the size, and halved once more. A scratch of one
    pixel keeps 91 % or more of its contrast (docs/decisions/2026-11-28-preprocessing.md).
    """
    image_HWC = _halved(image_HWC, spec)
    height, width = image_HWC.shape[:2]
    if (height, width) == (spec.height, spec.width):
        return np.ascontiguousarray(image_HWC)
    if height * width <= spec.height * spec.width:
        return _resized(image_HWC, spec.height, spec.width, cv2.INTER_LINEAR)
    if max(height / spec.height, width / spec.width) > _MOST_LEFT:
        return _resized(image_HWC, spec.height, spec.width, cv2.INTER_AREA)
    twice_HWC = _resized(image_HWC, 2 * spec.height, 2 * spec.width, cv2.INTER_LINEAR)
    return _resized(twice_HWC, spec.height, spec.width, cv2.INTER_AREA)


def _halved(image_HWC: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    """As often as both sides are even and stay as large as they must be."""
    height, width = image_HWC.shape[:2]
    while height >= 2 * spec.height and width >= 2 * spec.width and not (height % 2 or width % 2):
        height, width = height // 2, width // 2
        image_HWC = _resized(image_HWC, height, width, cv2.INTER_AREA)
    return image_HWC


def _resized(image_HWC: NDArray[np.uint8], height: int, width: int, method: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(image_HWC, (width, height), interpolation=method), dtype=np.uint8)
