"""A network camera or stream: `rtsp://user:password@host:554/path`, decoded by OpenCV's FFmpeg.

Everything up to a `#` goes to the camera as it stands, query included; edgevl's own options follow the `#`, which
is never sent: `rtsp://host/path?channel=1#open_timeout=5&read_timeout=5`.

The stream runs over TCP where the camera offers it (OpenCV asks FFmpeg for `prefer_tcp`): lost UDP packets would
smear the picture, and a smear looks like a defect.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import cv2

from camera.clock import Clock
from camera.live import LiveSource, LiveStream
from camera.source import SourceUnavailable, SourceUriError
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


class RtspSource(LiveSource):
    """A live stream of which only the newest frame is kept: a slow reader sees gaps in `Frame.seq`, never old pictures.

    Between `open` and `close` one thread decodes. `close` waits for it, at most `read_timeout_s` when the camera
    hangs.
    """

    def __init__(self, name: str, options: RtspOptions, clock: Clock | None = None) -> None:
        super().__init__(name, clock)
        self._options = options

    def _start(self) -> LiveStream:
        return LiveStream(self._connect(), self.name, self._options.shown, self._clock)

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
