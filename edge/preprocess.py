"""Frame -> model input. The workshop trains on the output of this very function, so there is no skew.

Everything else (colour order, scaling, layout) is inside the ONNX graph.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.bundle import InputSpec


def model_input(image_HWC: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    """Stretch a uint8 BGR picture of any size to `spec` (height, width, 3).

    The whole picture is kept: a defect at the edge must stay in view, so nothing is cropped. Shrinking averages
    over the area (no aliasing of fine scratches); enlarging is bilinear.
    """
    height, width = image_HWC.shape[:2]
    if (height, width) == (spec.height, spec.width):
        return np.ascontiguousarray(image_HWC)
    shrinks = height * width > spec.height * spec.width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = cv2.resize(image_HWC, (spec.width, spec.height), interpolation=method)
    return np.asarray(resized, dtype=np.uint8)
