"""A live GStreamer pipeline, through OpenCV where it was built with GStreamer (JetPack's), else through PyGObject.

Which pipelines there are is for the sources that use this to say (`camera.csi`).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.clock import Clock
from camera.frame import Frame
from camera.gobject import load
from camera.live import LiveSource, LiveStream, Running
from camera.source import SourceLost, SourceTimeout, SourceUnavailable
from camera.stamps import SenderClock

# Only the newest picture: nothing here may wait for a slow reader.
SINK = "video/x-raw,format=BGR ! appsink name=sink max-buffers=1 drop=true sync=false"

_START_NS = 10_000_000_000


class GStreamerSource(LiveSource):
    """Follows `camera.source.Source`. pipeline: ends in `SINK`. shown: the camera in error sentences."""

    def __init__(self, name: str, pipeline: str, shown: str, clock: Clock | None = None) -> None:
        super().__init__(name, clock)
        self._pipeline = pipeline
        self._shown = shown

    def _start(self) -> Running:
        if opencv_has_gstreamer():
            return self._through_opencv()
        return _GObjectPipeline(self._pipeline, self.name, self._shown, self._clock)

    def _through_opencv(self) -> LiveStream:
        capture = cv2.VideoCapture(self._pipeline, cv2.CAP_GSTREAMER)
        if not capture.isOpened():
            capture.release()
            raise SourceUnavailable(f"{self._shown} cannot be started; try: gst-launch-1.0 {self._pipeline}")
        return LiveStream(capture, self.name, self._shown, self._clock)


def opencv_has_gstreamer() -> bool:
    lines = (line.strip() for line in cv2.getBuildInformation().splitlines())
    return any(line.startswith("GStreamer:") and "YES" in line for line in lines)


class _GObjectPipeline:
    """A pipeline that plays from now until `close`."""

    def __init__(self, pipeline: str, name: str, shown: str, clock: Clock) -> None:
        self._gst = load("Gst", "1.0", "gir1.2-gstreamer-1.0")
        load("GstApp", "1.0", "gir1.2-gst-plugins-base-1.0")
        self._name, self._shown, self._clock = name, shown, clock
        self._sender, self._seq = SenderClock(), 0
        self._gst.init(None)
        self._pipeline = self._parsed(pipeline)
        self._sink = self._pipeline.get_by_name("sink")
        self._pipeline.set_state(self._gst.State.PLAYING)
        if self._pipeline.get_state(_START_NS)[0] == self._gst.StateChangeReturn.FAILURE:
            reason = self._trouble()
            self.close()
            raise SourceUnavailable(f"{shown} cannot be started{reason}; try: gst-launch-1.0 {pipeline}")

    def read(self, timeout_s: float) -> Frame:
        """Raises SourceTimeout, SourceLost."""
        sample = self._sink.emit("try-pull-sample", round(timeout_s * 1e9))
        if sample is not None:
            return self._frame(sample)
        reason = self._trouble()
        if reason or self._sink.get_property("eos"):
            raise SourceLost(f"{self._shown} has stopped{reason}")
        raise SourceTimeout(f"no frame came from {self._shown} within {timeout_s:g} s")

    def close(self) -> None:
        self._pipeline.set_state(self._gst.State.NULL)

    def _parsed(self, pipeline: str) -> Any:
        glib_error: type[Exception] = load("GLib", "2.0", "gir1.2-glib-2.0").Error
        try:
            return self._gst.parse_launch(pipeline)
        except glib_error as error:
            raise SourceUnavailable(
                f"{self._shown} cannot be opened here: {getattr(error, 'message', error)}; "
                "install the GStreamer plugins that are named"
            ) from error

    def _trouble(self) -> str:
        """What the pipeline last complained of, as the middle of a sentence."""
        message = self._pipeline.get_bus().pop_filtered(self._gst.MessageType.ERROR)
        return "" if message is None else f": {message.parse_error()[0].message}"

    def _frame(self, sample: Any) -> Frame:
        arrived_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
        buffer = sample.get_buffer()
        captured_ns = arrived_ns
        if buffer.pts != self._gst.CLOCK_TIME_NONE:
            captured_ns = self._sender.captured_ns(buffer.pts, arrived_ns)
        seq, self._seq = self._seq, self._seq + 1
        return Frame(self._pixels(sample, buffer), seq, captured_ns, wall_ns - (arrived_ns - captured_ns), self._name)

    def _pixels(self, sample: Any, buffer: Any) -> NDArray[np.uint8]:
        shape = sample.get_caps().get_structure(0)
        width, height = shape.get_value("width"), shape.get_value("height")
        mapped, content = buffer.map(self._gst.MapFlags.READ)
        if not mapped:
            raise SourceLost(f"a picture of {self._shown} cannot be read")
        try:
            # GStreamer rounds each row up to whole words.
            rows = np.frombuffer(content.data, np.uint8).reshape(height, -1)
            return np.array(rows[:, : width * 3]).reshape(height, width, 3)
        finally:
            buffer.unmap(content)
