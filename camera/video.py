"""A video file as a camera: `file:PATH?fps=25&loop=0`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.clock import Clock, Pace, SystemClock
from camera.frame import Frame
from camera.source import SourceEnded, SourceLost, SourceUnavailable
from camera.uri import local_path, parse_options, windows_hint

FALLBACK_FPS = 25.0


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """fps: frames a second; 0 for as fast as they are read, None for the file's own. loop: begin again at the end."""

    path: Path
    fps: float | None = None
    loop: bool = False


def video_options(body: str, base: Path) -> VideoOptions:
    """Parse what follows `file:`. Raises SourceUriError."""
    path, _, query = body.partition("?")
    options = parse_options("file", query, ("fps", "loop"))
    fps = options.number("fps", 0.0, 0, 1000) if "fps" in options.values else None
    return VideoOptions(local_path("file", path, base), fps, options.flag("loop", False))


class VideoSource:
    """The frames of a video, all of them, at the file's own pace. A frame counts as captured when handed out.

    A file that was cut short ends where its frames do, and the SourceEnded says how many were announced.
    """

    def __init__(self, name: str, options: VideoOptions, clock: Clock | None = None) -> None:
        self._name = name
        self._options = options
        self._clock = clock or SystemClock()
        self._capture: cv2.VideoCapture | None = None
        self._pace = Pace(0, self._clock)
        self._seq = 0

    @property
    def name(self) -> str:
        return self._name

    def open(self) -> None:
        self.close()
        self._capture = self._start()
        fps = self._options.fps if self._options.fps is not None else _own_fps(self._capture)
        self._pace = Pace(fps, self._clock)
        self._seq = 0

    def read(self, timeout_s: float) -> Frame:
        if self._capture is None:
            raise SourceLost(f"the camera {self._name} is not open")
        self._pace.wait(timeout_s)
        image_HWC = self._next_image(self._capture)
        seq, self._seq = self._seq, self._seq + 1
        return Frame(image_HWC, seq, self._clock.monotonic_ns(), self._clock.wall_ns(), self._name)

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _next_image(self, capture: cv2.VideoCapture) -> NDArray[np.uint8]:
        image_HWC = _decode(capture)
        if image_HWC is not None:
            return image_HWC
        if self._seq == 0:
            raise SourceLost(f"{self._options.path} holds no frame that can be decoded; write the video again")
        if not self._options.loop:
            raise SourceEnded(self._ended(capture))
        return self._again(capture)

    def _again(self, capture: cv2.VideoCapture) -> NDArray[np.uint8]:
        # Opened anew: seeking back to frame 0 is not exact in every container.
        capture.release()
        try:
            self._capture = self._start()
        except SourceUnavailable as error:
            raise SourceLost(str(error)) from error
        image_HWC = _decode(self._capture)
        if image_HWC is None:
            raise SourceLost(f"{self._options.path} can no longer be decoded; was it replaced?")
        return image_HWC

    def _start(self) -> cv2.VideoCapture:
        path = self._options.path
        if not path.is_file():
            raise SourceUnavailable(f"there is no video file {path}; check the camera's URI{windows_hint(path)}")
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            capture.release()
            raise SourceUnavailable(f"{path} is no video that can be read, or it was cut short; write it again")
        return capture

    def _ended(self, capture: cv2.VideoCapture) -> str:
        announced = round(max(0.0, capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        if announced > self._seq:
            return f"{self._options.path} ended after {self._seq} of {announced} frames; it may have been cut short"
        return f"{self._options.path}: all {self._seq} frames were delivered"


def _decode(capture: cv2.VideoCapture) -> NDArray[np.uint8] | None:
    decoded, image_HWC = capture.read()
    return np.ascontiguousarray(image_HWC, dtype=np.uint8) if decoded else None


def _own_fps(capture: cv2.VideoCapture) -> float:
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    return fps if 0.1 <= fps <= 1000 else FALLBACK_FPS
