"""Tell a camera that repeats one picture from one that sees nothing move: noise of a real sensor never repeats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from camera.frame import Frame

# Every so many pixels in both directions: noise shows in any of them.
_STEP = 4


class Frozen:
    """Fed every frame of one camera, in its capture thread."""

    def __init__(self, after_ms: float) -> None:
        """after_ms: how long pictures may be the same, pixel by pixel, by their times of capture."""
        self._after_ns = round(after_ms * 1e6)
        self._last_HWC: NDArray[np.uint8] | None = None
        self._since_ns = 0

    def feed(self, frame: Frame) -> bool:
        """Whether this frame shows the picture that has been there for too long."""
        sample_HWC = frame.image_HWC[::_STEP, ::_STEP].copy()
        if self._last_HWC is None or not np.array_equal(sample_HWC, self._last_HWC):
            self._last_HWC, self._since_ns = sample_HWC, frame.captured_ns
        return frame.captured_ns - self._since_ns >= self._after_ns
