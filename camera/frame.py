"""One picture from one source, with the time it was taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture as the source delivered it.

    image_HWC: uint8, HxWx3, BGR, C-contiguous. Treat it as read-only: it may be shared between threads.
    seq: counts the source's frames from 0 and never goes back within one `open()`; gaps are frames the
        source itself dropped.
    captured_ns: `time.monotonic_ns()` at capture, for ages and latencies.
    wall_ns: `time.time_ns()` at capture, UTC, for people and files.
    source: the name of the camera in the line file.
    trigger: the id of the external trigger that asked for this frame, where there was one.
    px_per_mm: how many pixels of this picture a millimetre on the part is long, where that is known.
    """

    image_HWC: NDArray[np.uint8]
    seq: int
    captured_ns: int
    wall_ns: int
    source: str
    trigger: str | None = None
    px_per_mm: float | None = None

    def age_ms(self, now_ns: int) -> float:
        """Milliseconds since capture at `now_ns`, a `time.monotonic_ns()`; never below zero."""
        return max(0, now_ns - self.captured_ns) / 1e6

    @property
    def height(self) -> int:
        return int(self.image_HWC.shape[0])

    @property
    def width(self) -> int:
        return int(self.image_HWC.shape[1])
