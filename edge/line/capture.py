"""Keep one camera open for ever: open, read, and when it fails try again, ever more slowly.

A frame older than the camera's limit is never passed on as if it were now: it is skipped and counted. Where nothing
but old frames come, the camera is down, and is opened again, as where none come.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from camera.frame import Frame
from camera.retry import backoff_s
from camera.source import Source, SourceEnded, SourceError, SourceLost, SourceTimeout
from edge.line.rate import Rate
from edge.messages import CameraState

# Also how soon a thread notices that the line stops.
READ_TIMEOUT_S = 0.5
# A belt may pause, so silence is first only shown; then the connection itself is doubted.
SILENT_S = 10.0
REOPEN_S = 60.0


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """How a camera is, with one sentence for a person."""

    state: CameraState
    detail: str


class Receiver(Protocol):
    """Who gets a camera's frames. Called in the capture thread; what it raises ends the capture."""

    def take(self, frame: Frame) -> None:
        """The next frame."""

    def finish(self) -> None:
        """The frames have ended or broken off; the next one, if any, begins a new sequence."""


class Capture:
    """Runs one source. Only `run` changes it; everything else may be read from any thread.

    frames: how many were passed on. stale: how many were skipped because they came too late.
    """

    def __init__(
        self,
        source: Source,
        receiver: Receiver,
        announce: Callable[[CameraStatus], None],
        max_age_ms: float | None = None,
    ) -> None:
        """`announce` is called after every change of `status`, in the capture thread. max_age_ms: None for no limit."""
        self._source = source
        self._receiver = receiver
        self._announce = announce
        self._max_age_ms = math.inf if max_age_ms is None else max_age_ms
        self._rate = Rate()
        self.status = CameraStatus("opening", "opening for the first time")
        self.frames = 0
        self.stale = 0
        self._last_sign = time.monotonic()

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def fps(self) -> float:
        return self._rate.per_second()

    def is_hung(self, limit_s: float) -> bool:
        """Whether the driver has not answered, not even with nothing, and the camera still counts as well."""
        excused = self.status.state in ("down", "ended")
        return not excused and time.monotonic() - self._last_sign > limit_s

    def run(self, stop: threading.Event) -> None:
        """Until `stop`, or until a finite source has ended. What the receiver raises passes through."""
        attempt = -1
        while not stop.is_set():
            self._last_sign = time.monotonic()
            had_frames = self.frames
            try:
                self._source.open()
                self._read(stop)
            except SourceEnded as ended:
                self._receiver.finish()
                self._become("ended", str(ended))
                return
            except SourceError as error:
                attempt = 0 if self.frames > had_frames else attempt + 1
                self._source.close()
                self._receiver.finish()
                self._become("down", f"{error}; next try in {backoff_s(attempt):g} s")
                stop.wait(backoff_s(attempt))
            finally:
                self._source.close()

    def _read(self, stop: threading.Event) -> None:
        """Frames until `stop`. Raises what the source raises, and SourceLost after a minute of silence."""
        last_frame = time.monotonic()
        while not stop.is_set():
            self._last_sign = time.monotonic()
            try:
                frame = self._source.read(READ_TIMEOUT_S)
            except SourceTimeout:
                self._be_silent(time.monotonic() - last_frame)
                continue
            if frame.age_ms(time.monotonic_ns()) > self._max_age_ms:
                self.stale += 1
                self._be_silent(time.monotonic() - last_frame)
                continue
            last_frame = time.monotonic()
            self.frames += 1
            self._rate.tick()
            self._become("up", f"delivers pictures of {frame.width}x{frame.height}")
            self._last_sign = math.inf  # from here on others are waited for, not the driver
            self._receiver.take(frame)

    def _be_silent(self, silent_s: float) -> None:
        if silent_s >= REOPEN_S:
            raise SourceLost(f"{self._no_picture} for {silent_s:.0f} s, so it is opened again")
        if silent_s >= SILENT_S:
            self._become("down", f"open, but {self._no_picture} for {SILENT_S:.0f} s")

    @property
    def _no_picture(self) -> str:
        limited = math.isfinite(self._max_age_ms)
        return f"no picture younger than {self._max_age_ms:g} ms" if limited else "no picture"

    def _become(self, state: CameraState, detail: str) -> None:
        if (state, detail) != (self.status.state, self.status.detail):
            self.status = CameraStatus(state, detail)
            self._announce(self.status)
