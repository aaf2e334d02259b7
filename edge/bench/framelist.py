"""Pictures in memory as a camera, for measuring: no decoder and no disk, only the line itself."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from camera.frame import Frame
from camera.source import SourceEnded


class FrameList:
    """Delivers uint8 BGR pictures once, as fast as they are read."""

    def __init__(self, name: str, images: Sequence[NDArray[np.uint8]]) -> None:
        self._name = name
        self._images = images
        self._next = 0

    @property
    def name(self) -> str:
        return self._name

    def open(self) -> None:
        self._next = 0

    def read(self, timeout_s: float) -> Frame:  # noqa: ARG002  # it never keeps anyone waiting
        if self._next == len(self._images):
            raise SourceEnded(f"all {self._next} pictures were delivered")
        seq, self._next = self._next, self._next + 1
        return Frame(self._images[seq], seq, time.monotonic_ns(), time.time_ns(), self._name)

    def close(self) -> None:
        pass
