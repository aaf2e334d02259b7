"""Time as sources see it: one clock that tests can replace, and the pace at which stored pictures are handed out."""

from __future__ import annotations

import time
from typing import Protocol

from camera.source import SourceTimeout


class Clock(Protocol):
    """What a source asks of time; `SystemClock` is the real one."""

    def monotonic_ns(self) -> int:
        """Nanoseconds that never go back."""

    def wall_ns(self) -> int:
        """Nanoseconds since 1970, UTC."""

    def sleep(self, seconds: float) -> None:
        """Let that much time pass."""


class SystemClock:
    """The machine's own clocks."""

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        return time.time_ns()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Pace:
    """Holds stored pictures back to `fps` a second; 0 lets them through as fast as they are read.

    The first is due at once. A reader that comes late shifts the schedule: nothing is dropped, and no burst
    follows.
    """

    def __init__(self, fps: float, clock: Clock) -> None:
        self._clock = clock
        self._period_ns = 0 if fps == 0 else round(1e9 / fps)
        self._due_ns = clock.monotonic_ns()

    def wait(self, timeout_s: float) -> None:
        """Sleep until the next picture is due. Raises SourceTimeout where that is later than `timeout_s`."""
        now_ns = self._clock.monotonic_ns()
        sleep_until(self._due_ns, timeout_s, self._clock)
        self._due_ns = max(self._due_ns, now_ns) + self._period_ns


def sleep_until(due_ns: int, timeout_s: float, clock: Clock) -> None:
    """Sleep until `due_ns` on the monotonic clock. Raises SourceTimeout where that is later than `timeout_s`."""
    missing_s = (due_ns - clock.monotonic_ns()) / 1e9
    if missing_s > timeout_s:
        clock.sleep(max(0.0, timeout_s))
        raise SourceTimeout(f"no frame is due within {timeout_s:g} s; the next one comes in {missing_s:.3g} s")
    if missing_s > 0:
        clock.sleep(missing_s)
