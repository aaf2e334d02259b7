"""A network camera or stream: `rtsp://user:password@host:554/path`, decoded by OpenCV's FFmpeg.

Everything up to a `#` goes to the camera as it stands, query included; edgevl's own options follow the `#`, which
is never sent: `rtsp://host/path?channel=1#open_timeout=5&read_timeout=5`.

The stream runs over TCP where the camera offers it (OpenCV asks FFmpeg for `prefer_tcp`): lost UDP packets would
smear the picture, and a smear looks like a defect.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.clock import Clock, SystemClock
from camera.frame import Frame
from camera.source import SourceLost, SourceTimeout, SourceUnavailable, SourceUriError
from camera.uri import parse_options, redacted


@dataclass(frozen=True, slots=True)
class RtspOptions:
    """url: may hold a password, so it is never printed; `shown` is. Timeouts in seconds."""

    url: str
    open_timeout_s: float = 5.0
    read_timeout_s: float = 5.0

    @property
    def shown(self) -> str:
        return redacted(self.url)

    def __repr__(self) -> str:
        return f"RtspOptions({self.shown!r}, {self.open_timeout_s:g}, {self.read_timeout_s:g})"


def rtsp_options(uri: str) -> RtspOptions:
    """Parse a whole `rtsp://` or `rtsps://` URI. Raises SourceUriError."""
    url, _, query = uri.strip().partition("#")
    options = parse_options("rtsp", query, ("open_timeout", "read_timeout"))
    try:
        parts = urlsplit(url)
        complete = bool(parts.hostname) and parts.port != 0
    except ValueError:
        complete = False
    if not complete or any(character.isspace() for character in url):
        raise SourceUriError(
            f"{redacted(url)!r} is no stream address; write rtsp://HOST:PORT/PATH, "
            "with special characters of user and password percent-encoded"
        )
    return RtspOptions(
        url, options.number("open_timeout", 5.0, 0.1, 120), options.number("read_timeout", 5.0, 0.1, 120)
    )


class RtspSource:
    """A live stream of which only the newest frame is kept: a slow reader sees gaps in `Frame.seq`, never old pictures.

    Between `open` and `close` one thread decodes. `close` waits for it, at most `read_timeout_s` when the camera
    hangs.
    """

    def __init__(self, name: str, options: RtspOptions, clock: Clock | None = None) -> None:
        self._name = name
        self._options = options
        self._clock = clock or SystemClock()
        self._newest = _Newest()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        return self._name

    def open(self) -> None:
        self.close()
        capture = self._connect()
        self._newest, self._stop = _Newest(), threading.Event()
        self._thread = threading.Thread(
            target=self._decode, args=(capture, self._newest, self._stop), name=f"rtsp-{self._name}", daemon=True
        )
        self._thread.start()

    def read(self, timeout_s: float) -> Frame:
        if self._thread is None:
            raise SourceLost(f"the camera {self._name} is not open")
        frame = self._newest.take(timeout_s)
        if frame is not None:
            return frame
        if self._newest.ended:
            raise SourceLost(f"the stream {self._options.shown} has stopped; is the camera on and the network up?")
        raise SourceTimeout(f"no frame came from {self._options.shown} within {timeout_s:g} s")

    def close(self) -> None:
        if self._thread is not None:
            self._stop.set()
            self._thread.join()
            self._thread = None

    def _connect(self) -> cv2.VideoCapture:
        options = self._options
        capture = cv2.VideoCapture(
            options.url,
            cv2.CAP_FFMPEG,
            [
                cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
                round(options.open_timeout_s * 1000),
                cv2.CAP_PROP_READ_TIMEOUT_MSEC,
                round(options.read_timeout_s * 1000),
            ],
        )
        if not capture.isOpened():
            capture.release()
            raise SourceUnavailable(
                f"no stream could be opened at {options.shown} (it was given {options.open_timeout_s:g} s); "
                "check its address, path, user and password, and that the camera is on"
            )
        return capture

    def _decode(self, capture: cv2.VideoCapture, newest: _Newest, stop: threading.Event) -> None:
        """The thread: decode until told to stop or the stream fails; it alone touches `capture`."""
        seq = 0
        try:
            while not stop.is_set():
                decoded, image = capture.read()
                if not decoded:
                    return
                newest.put(self._frame(image, seq))
                seq += 1
        except cv2.error:
            return  # a damaged stream; `read` reports that it has stopped
        finally:
            capture.release()
            newest.end()

    def _frame(self, image: object, seq: int) -> Frame:
        image_HWC: NDArray[np.uint8] = np.ascontiguousarray(image, dtype=np.uint8)
        return Frame(image_HWC, seq, self._clock.monotonic_ns(), self._clock.wall_ns(), self._name)


class _Newest:
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
