"""A simulated line as a camera: `pattern:?fps=25&seed=0&size=640x480&defect_rate=0.3&speed=330`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from camera.clock import Clock, SystemClock, sleep_until
from camera.frame import Frame
from camera.simulated.line import NOMINAL_FPS, Line, PartTruth, defect_mask_at, draw_frame, prepare, truth_at
from camera.source import SourceLost, SourceUriError
from camera.uri import Options, parse_options

KNOWN = ("fps", "seed", "size", "defect_rate", "speed")
LOOK_AHEAD = 8  # frames; a new part is drawn while the camera waits, not when it enters


def pattern_options(body: str) -> Line:
    """Parse what follows `pattern:`. Raises SourceUriError."""
    rest, _, query = body.partition("?")
    if rest:
        raise SourceUriError(f"a pattern camera has no path, yet {rest!r} was given; write pattern:?fps=25&seed=0")
    options = parse_options("pattern", query, KNOWN)
    width, height = _size(options)
    line = Line(
        fps=options.number("fps", 25.0, 0, 1000),
        seed=options.whole("seed", 0, 0, 2**32 - 1),
        width=width,
        height=height,
        defect_rate=options.number("defect_rate", 0.3, 0, 1),
    )
    # A part must be whole in view in three frames at least, or it may never be seen.
    fastest = (line.width - line.diameter_px) / 3 * (line.fps or NOMINAL_FPS)
    speed = options.number("speed", min(line.speed * height / 480, fastest), 1, 100_000)
    if speed > fastest:
        raise SourceUriError(
            f"at speed={speed:g} parts pass unseen between two frames; use at most speed={fastest:.0f}, or a higher fps"
        )
    return replace(line, speed=speed)


def _size(options: Options) -> tuple[int, int]:
    width, height = options.size("size", (640, 480))
    if not (120 <= height <= 2160 and height <= width <= 4096):
        raise options.wrong("size", f"{width}x{height}", "120 to 2160 high and from that to 4096 wide")
    return width, height


class PatternSource:
    """A live camera over a belt that does not wait: a slow reader sees gaps in `Frame.seq`.

    With fps=0 every frame is delivered as fast as it is read. Each `open` starts the same line anew, at part 0.
    """

    def __init__(self, name: str, line: Line, clock: Clock | None = None) -> None:
        self._name = name
        self._line = line
        self._clock = clock or SystemClock()
        self._start_ns: int | None = None
        self._next_seq = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def line(self) -> Line:
        return self._line

    def open(self) -> None:
        prepare(self._line, 0)
        self._start_ns = self._clock.monotonic_ns()
        self._next_seq = 0

    def read(self, timeout_s: float) -> Frame:
        if self._start_ns is None:
            raise SourceLost(f"the camera {self._name} is not open")
        prepare(self._line, self._next_seq + LOOK_AHEAD)
        seq = self._due(self._start_ns, timeout_s)
        image_HWC = draw_frame(self._line, seq)
        self._next_seq = seq + 1
        return Frame(image_HWC, seq, self._clock.monotonic_ns(), self._clock.wall_ns(), self._name)

    def close(self) -> None:
        self._start_ns = None

    def truth(self, seq: int) -> tuple[PartTruth, ...]:
        """The parts in any frame, the rightmost first."""
        return truth_at(self._line, seq)

    def defect_mask(self, seq: int) -> NDArray[np.bool_]:
        """HxW bool, True where a defect shows in that frame."""
        return defect_mask_at(self._line, seq)

    def _due(self, start_ns: int, timeout_s: float) -> int:
        """The frame to show: the newest that is due, or the next one, once it is."""
        if self._line.fps == 0:
            return self._next_seq
        period_ns = 1e9 / self._line.fps
        elapsed_ns = self._clock.monotonic_ns() - start_ns
        seq = max(self._next_seq, int(elapsed_ns / period_ns))
        sleep_until(start_ns + round(seq * period_ns), timeout_s, self._clock)
        return seq
