"""A CSI camera of an NVIDIA Jetson: `csi:0?size=1920x1080&fps=30&exposure_us=2000&gain=2`.

Through nvarguscamerasrc, which JetPack brings; see "Accelerated GStreamer" in NVIDIA's Jetson Linux Developer Guide.
"""

from __future__ import annotations

from dataclasses import dataclass

from camera.clock import Clock
from camera.gstreamer import SINK, GStreamerSource
from camera.source import SourceUriError
from camera.uri import parse_options

KNOWN = ("size", "fps", "exposure_us", "gain")


@dataclass(frozen=True, slots=True)
class CsiOptions:
    """sensor: its number on the board. exposure and gain are automatic unless given."""

    sensor: int = 0
    size: tuple[int, int] = (1920, 1080)
    fps: int = 30
    exposure_us: float | None = None
    gain: float | None = None


def csi_options(body: str) -> CsiOptions:
    """Parse what follows `csi:`. Raises SourceUriError."""
    sensor, _, query = body.partition("?")
    if sensor and not (sensor.isascii() and sensor.isdigit() and len(sensor) <= 2):
        raise SourceUriError(f"csi:{sensor} names no sensor; write its number, as csi:0")
    options = parse_options("csi", query, KNOWN)
    size = options.size("size", (1920, 1080))
    if min(size) < 1:
        raise options.wrong("size", f"{size[0]}x{size[1]}", "positive")
    return CsiOptions(
        int(sensor or 0),
        size,
        options.whole("fps", 30, 1, 1000),
        options.number("exposure_us", 0, 1, 1e7) if "exposure_us" in options.values else None,
        options.number("gain", 0, 1, 1000) if "gain" in options.values else None,
    )


def csi_pipeline(options: CsiOptions) -> str:
    """The pipeline as text: sensor to BGR, the newest picture only."""
    width, height = options.size
    sensor = [f"nvarguscamerasrc sensor-id={options.sensor}"]
    if options.exposure_us is not None:
        exposure_ns = round(options.exposure_us * 1000)
        sensor.append(f'exposuretimerange="{exposure_ns} {exposure_ns}"')
    if options.gain is not None:
        sensor.append(f'gainrange="{options.gain:g} {options.gain:g}"')
    return " ! ".join(
        (
            " ".join(sensor),
            f"video/x-raw(memory:NVMM),width={width},height={height},framerate={options.fps}/1",
            "nvvidconv",  # out of NVIDIA's own memory
            "video/x-raw,format=BGRx",
            "videoconvert",
            SINK,
        )
    )


def csi_source(name: str, options: CsiOptions, clock: Clock | None = None) -> GStreamerSource:
    return GStreamerSource(name, csi_pipeline(options), f"the CSI camera {options.sensor}", clock)
