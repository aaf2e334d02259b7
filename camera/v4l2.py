"""A USB or other Video4Linux camera: `v4l2:/dev/video0?size=1280x720&fps=30&fourcc=MJPG&exposure=156&gain=10`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import cv2

from camera.clock import Clock
from camera.live import LiveSource, LiveStream
from camera.source import SourceUnavailable
from camera.uri import local_path, parse_options

KNOWN = ("size", "fps", "fourcc", "exposure", "gain")

# V4L2's own numbers for V4L2_CID_EXPOSURE_AUTO, as OpenCV passes them on.
_EXPOSURE_MANUAL = 1.0


@dataclass(frozen=True, slots=True)
class V4l2Options:
    """size in px and fps: None leaves them to the driver. fourcc: how the camera sends, such as MJPG or YUYV.

    exposure and gain: in the driver's own units (`v4l2-ctl --list-ctrls`); setting exposure ends automatic exposure.
    """

    device: Path
    size: tuple[int, int] | None = None
    fps: float | None = None
    fourcc: str | None = None
    exposure: float | None = None
    gain: float | None = None


def v4l2_options(body: str, base: Path) -> V4l2Options:
    """Parse what follows `v4l2:`; `v4l2:0` is /dev/video0. Raises SourceUriError."""
    device, _, query = body.partition("?")
    device = f"/dev/video{device}" if re.fullmatch(r"[0-9]{1,3}", device) else device
    options = parse_options("v4l2", query, KNOWN)
    fourcc = options.values.get("fourcc")
    if fourcc is not None and not re.fullmatch(r"[A-Za-z0-9 ]{4}", fourcc):
        raise options.wrong("fourcc", fourcc, "four letters such as MJPG or YUYV")
    return V4l2Options(
        local_path("v4l2", device, base),
        options.size("size", (0, 0)) if "size" in options.values else None,
        options.number("fps", 0, 0.1, 1000) if "fps" in options.values else None,
        fourcc,
        options.number("exposure", 0, 0, 1e6) if "exposure" in options.values else None,
        options.number("gain", 0, 0, 1e6) if "gain" in options.values else None,
    )


class V4l2Source(LiveSource):
    """A live camera of which only the newest frame is kept. Stamped with the driver's time."""

    def __init__(self, name: str, options: V4l2Options, clock: Clock | None = None) -> None:
        super().__init__(name, clock)
        self._options = options

    def _start(self) -> LiveStream:
        return LiveStream(self._connect(), self.name, str(self._options.device), self._clock)

    def _connect(self) -> cv2.VideoCapture:
        device = self._options.device
        if not device.exists():
            raise SourceUnavailable(f"there is no camera {device}; check that it is plugged in (ls /dev/video*)")
        if not os.access(device, os.R_OK | os.W_OK):
            raise SourceUnavailable(f"{device} may not be opened; add the user to the group video and log in again")
        capture = cv2.VideoCapture(str(device), cv2.CAP_V4L2)
        if not capture.isOpened():
            capture.release()
            raise SourceUnavailable(f"{device} is no camera, or another program uses it; check with fuser {device}")
        self._configure(capture)
        return capture

    def _configure(self, capture: cv2.VideoCapture) -> None:
        """The pixel format comes first: it decides which sizes and rates there are."""
        options = self._options
        fourcc = None if options.fourcc is None else cv2.VideoWriter.fourcc(*options.fourcc)
        settings: list[tuple[str, int, float | None]] = [
            ("fourcc", cv2.CAP_PROP_FOURCC, fourcc),
            ("size", cv2.CAP_PROP_FRAME_WIDTH, options.size and options.size[0]),
            ("size", cv2.CAP_PROP_FRAME_HEIGHT, options.size and options.size[1]),
            ("fps", cv2.CAP_PROP_FPS, options.fps),
            ("exposure", cv2.CAP_PROP_AUTO_EXPOSURE, None if options.exposure is None else _EXPOSURE_MANUAL),
            ("exposure", cv2.CAP_PROP_EXPOSURE, options.exposure),
            ("gain", cv2.CAP_PROP_GAIN, options.gain),
        ]
        for name, number, value in settings:
            if value is not None and not capture.set(number, value):
                capture.release()
                raise SourceUnavailable(
                    f"{options.device} does not take the option {name}; "
                    f"see v4l2-ctl -d {options.device} --list-formats-ext --list-ctrls"
                )
