"""One frame of a belt, with the small picture of it that parts are looked for in."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Region

# The long side of the small picture, in pixels.
_WORKING_SIDE = 213


@dataclass(frozen=True, slots=True)
class Scene:
    """image_HWC: uint8 BGR; None where only the small picture is still there. factor: how much smaller that is."""

    image_HWC: NDArray[np.uint8] | None
    small_HWC: NDArray[np.uint8]
    factor: int
    seq: int

    @classmethod
    def of(cls, image_HWC: NDArray[np.uint8], seq: int) -> Scene:
        """Shrink a frame, by a whole number: that is several times faster."""
        height, width = image_HWC.shape[:2]
        factor = max(1, round(max(height, width) / _WORKING_SIDE))
        return cls(image_HWC, _small(image_HWC, factor), factor, seq)

    def in_frame(self, box: Region) -> Region:
        """A box of the small picture, in the frame's pixels."""
        factor = self.factor
        return Region(box.x * factor, box.y * factor, box.w * factor, box.h * factor)

    def sharpness(self, box: Region) -> float:
        """Variance of the Laplacian: falls with blur from motion or focus."""
        part_HWC = self.small_HWC[box.y : box.y + box.h, box.x : box.x + box.w]
        return float(cv2.Laplacian(cv2.cvtColor(part_HWC, cv2.COLOR_BGR2GRAY), cv2.CV_32F).var())

    def offset(self, box: Region, axis: int) -> float:
        """How far the box's centre is from the middle along x (axis 0) or y (1), as a share of the frame."""
        height, width = self.small_HWC.shape[:2]
        centre = (box.x + box.w / 2) / width if axis == 0 else (box.y + box.h / 2) / height
        return float(abs(centre - 0.5))


def _small(image_HWC: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    if factor == 1:
        return image_HWC
    # Cropped by up to factor - 1 pixels.
    width, height = image_HWC.shape[1] // factor, image_HWC.shape[0] // factor
    whole_HWC = image_HWC[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole_HWC, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
