"""Live sources, of which only the newest frame is kept: what RTSP, V4L2 and GStreamer have in common."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.clock import Clock, SystemClock
from camera.frame import Frame
from camera.source import SourceLost, SourceTimeout
from camera.stamps import SenderClock


class Running(Protocol):
    """A stream that plays, from when it was made until `close`."""

    def read(self, timeout_s: float) -> Frame:
        """Raises SourceTimeout and SourceLost."""

    def close(self) -> None: ...


class LiveSource(ABC):
    """Follows `camera.source.Source` with a stream that is started anew at every `open`."""

    def __init__(self, name: str, clock: Clock | None = None) -> None:
        self._name = name
        self._clock = clock or SystemClock()
        self._running: Running | None = None

    @property
    def name(self) -> str:
        return self._name

    def open(self) -> None:
        self.close()
        self._running = self._start()

    def read(self, timeout_s: float) -> Frame:
        if self._running is None:
            raise SourceLost(f"the camera {self._name} is not open")
        return self._running.read(timeout_s)

    def close(self) -> None:
        if self._running is not None:
            self._running.close()
            self._running = None

    @abstractmethod
    def _start(self) -> Running:
        """Connect. Raises SourceUnavailable."""


class NewestFrame:
    """A place for one frame between two threads; a new one replaces an old one that nobody took."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._ended = False

    @property
    def ended(self) -> bool:
        with self._changed:
            return self._ended

    def put(self, frame: Frame) -> None:
        with self._changed:
            self._frame = frame
            self._changed.notify()

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify()

    def take(self, timeout_s: float) -> Frame | None:
        """The newest frame not yet taken; None where none came in time or none will come."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._ended, timeout_s)
            frame, self._frame = self._frame, None
            return frame


class LiveStream:
    """Decodes an opened capture in a thread of its own, from now until `close`.

    A frame is stamped with the stream's own time where it has one: what waited in the network is not taken for new.
    """

    def __init__(self, capture: cv2.VideoCapture, name: str, shown: str, clock: Clock) -> None:
        """shown: the stream in error sentences."""
        self._capture = capture
        self._name = name
        self._shown = shown
        self._clock = clock
        self._sender = SenderClock()
        self._newest = NewestFrame()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._decode, name=f"live-{name}", daemon=True)
        self._thread.start()

    def read(self, timeout_s: float) -> Frame:
        """Raises SourceTimeout and SourceLost."""
        frame = self._newest.take(timeout_s)
        if frame is not None:
            return frame
        if self._newest.ended:
            raise SourceLost(f"the stream {self._shown} has stopped; is the camera on and connected?")
        raise SourceTimeout(f"no frame came from {self._shown} within {timeout_s:g} s")

    def close(self) -> None:
        """Waits for the thread, as long as the driver takes over one frame."""
        self._stop.set()
        self._thread.join()

    def _decode(self) -> None:
        """The thread: decode until told to stop or the stream fails; it alone touches the capture."""
        seq = 0
        try:
            while not self._stop.is_set():
                decoded, image = self._capture.read()
                if not decoded:
                    return
                self._newest.put(self._frame(image, seq))
                seq += 1
        except cv2.error:
            return  # a damaged stream; `read` reports that it has stopped
        finally:
            self._capture.release()
            self._newest.end()

    def _frame(self, image: object, seq: int) -> Frame:
        image_HWC: NDArray[np.uint8] = np.ascontiguousarray(image, dtype=np.uint8)
        arrived_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
        stamp_ms = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        captured_ns = self._sender.captured_ns(round(stamp_ms * 1e6), arrived_ns) if stamp_ms > 0 else arrived_ns
        return Frame(image_HWC, seq, captured_ns, wall_ns - (arrived_ns - captured_ns), self._name)
