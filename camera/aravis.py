"""A GigE Vision or USB3 Vision camera through Aravis: `aravis:NAME?size=1280x1024&fps=30&exposure_us=2000`.

NAME is what `arv-tool-0.8` lists, or an IP address; without one the first camera found is taken.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote

from camera.clock import Clock, SystemClock
from camera.frame import Frame
from camera.gobject import load
from camera.pixels import PixelError, to_bgr
from camera.sequence import Sequence
from camera.source import SourceLost, SourceTimeout, SourceUnavailable
from camera.stamps import SenderClock
from camera.uri import parse_options

KNOWN = ("size", "offset", "fps", "exposure_us", "gain", "format", "trigger")

# Frames that Aravis may fill while the line is busy.
_BUFFERS = 8

# After so long without a frame the camera is asked whether it is there.
_SILENT_S = 2.0


@dataclass(frozen=True, slots=True)
class AravisOptions:
    """What is not given stays as the camera has it.

    size and offset: the part of the sensor that is read out, in px. pixel_format: PFNC name, see `camera.pixels`.
    trigger: the camera's own input that releases each frame, such as Line1; then no frame is left out.
    """

    camera: str
    size: tuple[int, int] | None = None
    offset: tuple[int, int] = (0, 0)
    fps: float | None = None
    exposure_us: float | None = None
    gain: float | None = None
    pixel_format: str | None = None
    trigger: str | None = None

    @property
    def shown(self) -> str:
        return self.camera or "the first camera found"


def aravis_options(body: str) -> AravisOptions:
    """Parse what follows `aravis:`. Raises SourceUriError."""
    camera, _, query = body.partition("?")
    options = parse_options("aravis", query, KNOWN)
    given = options.values
    if "offset" in given and "size" not in given:
        raise options.wrong("offset", given["offset"], "given together with size")
    return AravisOptions(
        unquote(camera).strip("/"),
        options.size("size", (0, 0)) if "size" in given else None,
        options.size("offset", (0, 0)),
        options.number("fps", 0, 0.01, 100_000) if "fps" in given else None,
        options.number("exposure_us", 0, 0.1, 1e8) if "exposure_us" in given else None,
        options.number("gain", 0, 0, 1e6) if "gain" in given else None,
        given.get("format"),
        given.get("trigger"),
    )


class AravisSource:
    """A live camera; a slow reader gets the newest frame, unless a trigger releases each one: then all, in order.

    Frames that came incomplete are left out. Stamped with the camera's own clock.
    """

    def __init__(self, name: str, options: AravisOptions, clock: Clock | None = None) -> None:
        self._name = name
        self._options = options
        self._clock = clock or SystemClock()
        self._open: _OpenCamera | None = None

    @property
    def name(self) -> str:
        return self._name

    def open(self) -> None:
        self.close()
        self._open = _OpenCamera(self._options)

    def read(self, timeout_s: float) -> Frame:
        if self._open is None:
            raise SourceLost(f"the camera {self._name} is not open")
        return self._open.read(timeout_s, self._name, self._clock)

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


class _OpenCamera:
    """A connected camera that is sending."""

    def __init__(self, options: AravisOptions) -> None:
        self._aravis = load("Aravis", "0.8", "gir1.2-aravis-0.8")
        self._glib_error: type[Exception] = load("GLib", "2.0", "gir1.2-glib-2.0").Error
        self._options = options
        self._lost = threading.Event()
        self._heard = time.monotonic()
        self._sender, self._sequence = SenderClock(), Sequence()
        self._camera = self._connect()
        try:
            self._configure()
            self._format: str = self._camera.get_pixel_format_as_string()
            self._stream = self._start()
        except self._glib_error as error:
            raise SourceUnavailable(f"{options.shown} cannot be started: {_sentence(error)}") from error
        # Holds the event and not this object: the camera is let go of when nothing refers to it any more.
        self._camera.get_device().connect("control-lost", partial(_note, self._lost))

    def read(self, timeout_s: float, name: str, clock: Clock) -> Frame:
        """Raises SourceTimeout, SourceLost."""
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0 and not self._lost.is_set():
            buffer = self._stream.timeout_pop_buffer(max(1, round(left_s * 1e6)))
            if buffer is None:
                continue
            self._heard = time.monotonic()
            buffer = buffer if self._options.trigger else self._newest(buffer)
            try:
                if buffer.get_status() == self._aravis.BufferStatus.SUCCESS:
                    return self._frame(buffer, name, clock)
            finally:
                self._stream.push_buffer(buffer)
        if self._is_gone():
            raise SourceLost(f"{self._options.shown} does not answer any more; check its power and cable")
        raise SourceTimeout(f"no frame came from {self._options.shown} within {timeout_s:g} s")

    def _is_gone(self) -> bool:
        """Asked when no frame comes: Aravis itself notices only a camera that answers that it is not ours any more."""
        if not self._lost.is_set() and time.monotonic() - self._heard > _SILENT_S:
            self._heard = time.monotonic()
            try:
                self._camera.get_payload()  # a register of the camera; one that is gone costs 2.5 s, once
            except self._glib_error:
                self._lost.set()
        return self._lost.is_set()

    def close(self) -> None:
        """A camera that has gone cannot be told to stop."""
        if not self._lost.is_set():
            try:
                self._camera.stop_acquisition()
            except self._glib_error:
                self._lost.set()

    def _connect(self) -> Any:
        # A camera that is opened by name alone may be told to send to another network card than the one it is on.
        self._aravis.update_device_list()
        try:
            return self._aravis.Camera.new(self._options.camera or None)
        except self._glib_error as error:
            raise SourceUnavailable(
                f"{self._options.shown} cannot be opened ({_sentence(error)}); check its power, cable and address, "
                "and that no other program uses it; arv-tool-0.8 lists the cameras"
            ) from error

    def _configure(self) -> None:
        options, camera = self._options, self._camera
        settings = (
            ("format", options.pixel_format, camera.set_pixel_format_from_string),
            ("size", options.size, lambda size: camera.set_region(*options.offset, *size)),
            ("trigger", options.trigger, camera.set_trigger),
            ("fps", options.fps, camera.set_frame_rate),
            ("exposure_us", options.exposure_us, camera.set_exposure_time),
            ("gain", options.gain, camera.set_gain),
        )
        for name, value, setter in settings:
            if value is not None:
                self._set(name, partial(setter, value))
        if options.trigger is None:
            self._run_free()

    def _run_free(self) -> None:
        """A trigger that another program left on would look like a dead camera."""
        if "FrameStart" in self._camera.dup_available_triggers():
            device = self._camera.get_device()
            device.set_string_feature_value("TriggerSelector", "FrameStart")
            device.set_string_feature_value("TriggerMode", "Off")

    def _set(self, name: str, setting: Any) -> None:
        try:
            setting()
        except self._glib_error as error:
            raise SourceUnavailable(
                f"{self._options.shown} does not take the option {name} ({_sentence(error)}); "
                f"its pixel formats are {', '.join(self._camera.dup_available_pixel_formats_as_strings())}"
            ) from error

    def _start(self) -> Any:
        stream = self._camera.create_stream(None, None)
        for _ in range(_BUFFERS):
            stream.push_buffer(self._aravis.Buffer.new_allocate(self._camera.get_payload()))
        self._camera.start_acquisition()
        return stream

    def _newest(self, buffer: Any) -> Any:
        """The last of what waits; a broken one does not displace a whole one."""
        while (later := self._stream.try_pop_buffer()) is not None:
            if later.get_status() != self._aravis.BufferStatus.SUCCESS:
                buffer, later = later, buffer
            self._stream.push_buffer(buffer)
            buffer = later
        return buffer

    def _frame(self, buffer: Any, name: str, clock: Clock) -> Frame:
        arrived_ns, wall_ns = clock.monotonic_ns(), clock.wall_ns()
        stamp_ns = buffer.get_timestamp()
        captured_ns = self._sender.captured_ns(stamp_ns, arrived_ns) if stamp_ns else arrived_ns
        seq = self._sequence.next(buffer.get_frame_id())
        size = buffer.get_image_width(), buffer.get_image_height()
        try:
            image_HWC = to_bgr(buffer.get_image_data(), self._format, *size)
        except PixelError as error:
            raise SourceLost(f"{self._options.shown}: {error}") from error
        return Frame(image_HWC, seq, captured_ns, wall_ns - (arrived_ns - captured_ns), name)


def _note(lost: threading.Event, _device: Any) -> None:
    lost.set()


def _sentence(error: Exception) -> str:
    return str(getattr(error, "message", error))
