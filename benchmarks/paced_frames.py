"""Pictures in memory as a live camera: one whenever it is due, for a while."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from camera.frame import Frame
from camera.source import SourceEnded, SourceTimeout


class PacedFrames:
    """uint8 BGR pictures over and over. A frame that is read late was still captured when it was due."""

    def __init__(
        self, name: str, images: Sequence[NDArray[np.uint8]], fps: float, seconds: float, delay_s: float = 0.0
    ) -> None:
        """fps: 0 for as fast as they are read. seconds: when it ends. delay_s: of the first frame."""
        self._name = name
        self._images = images
        self._fps = fps
        self._seconds = seconds
        self._delay_s = delay_s
        self._start = 0.0
        self._next = 0

    @property
    def name(self) -> str:
        return self._name

    def open(self) -> None:
        self._start = time.monotonic() + self._delay_s
        self._next = 0

    def read(self, timeout_s: float) -> Frame:
        now = time.monotonic()
        due = self._start + self._next / self._fps if self._fps else now
        if max(due, now) > self._start + self._delay_s + self._seconds:
            raise SourceEnded(f"{self._next} pictures were shown in {self._seconds:g} s")
        if due - now > timeout_s:
            time.sleep(timeout_s)
            raise SourceTimeout("no picture is due yet")
        time.sleep(max(0.0, due - now))
        seq, self._next = self._next, self._next + 1
        wall_ns = time.time_ns() - round((time.monotonic() - due) * 1e9)
        return Frame(self._images[seq % len(self._images)], seq, round(due * 1e9), wall_ns, self._name)

    def close(self) -> None:
        pass
