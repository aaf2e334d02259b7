"""How fast and how slow, over the recent past. Safe from any thread."""

from __future__ import annotations

import threading
import time
from collections import deque

import numpy as np

_WINDOW_S = 5.0
_LATENCIES = 2000


class Rate:
    """Events per second over the last five seconds, or since the first event where that is less."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: deque[float] = deque()
        self._first: float | None = None

    def tick(self) -> None:
        """An event happens now."""
        now = time.monotonic()
        with self._lock:
            self._first = now if self._first is None else self._first
            self._times.append(now)
            self._forget(now)

    def per_second(self) -> float:
        now = time.monotonic()
        with self._lock:
            self._forget(now)
            if self._first is None:
                return 0.0
            # In the first second a few events would look like a high rate.
            return len(self._times) / min(_WINDOW_S, max(1.0, now - self._first))

    def _forget(self, now: float) -> None:
        while self._times and self._times[0] < now - _WINDOW_S:
            self._times.popleft()


class Latencies:
    """Percentiles over the last two thousand values, in whatever unit they come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: deque[float] = deque(maxlen=_LATENCIES)

    def add(self, value: float) -> None:
        with self._lock:
            self._values.append(value)

    def percentiles(self, *percents: float) -> list[float]:
        """The value that each share of the values stays below; zeros where there is none yet."""
        with self._lock:
            values = list(self._values)
        if not values:
            return [0.0 for _ in percents]
        return [float(value) for value in np.percentile(values, percents)]
