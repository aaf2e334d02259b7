"""What was published since the start, counted for metrics. Fed by the writer, off the verdict path."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from edge.messages import Verdict

Stage = Literal["wait", "preprocess", "engine", "decide", "total"]
STAGES: tuple[Stage, ...] = ("wait", "preprocess", "engine", "decide", "total")
# Milliseconds; the last bucket of a histogram is open.
BOUNDS_MS = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0)


@dataclass(frozen=True, slots=True)
class Kind:
    """Verdicts that are counted together."""

    camera: str
    status: str
    class_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """counts: how many fell into each bucket of BOUNDS_MS, and above."""

    counts: tuple[int, ...]
    sum_ms: float


class Tally:
    """Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: Counter[Kind] = Counter()
        self._counts: dict[Stage, list[int]] = {stage: [0] * (len(BOUNDS_MS) + 1) for stage in STAGES}
        self._sums_ms: dict[Stage, float] = dict.fromkeys(STAGES, 0.0)

    def add(self, verdicts: Iterable[Verdict]) -> None:
        with self._lock:
            for v in verdicts:
                self._kinds[Kind(v.camera, v.status, v.class_name or "", v.reason or "")] += 1
                t = v.timings
                spent = (t.wait_ms, t.preprocess_ms, t.engine_ms, t.decide_ms, t.total_ms)
                for stage, ms in zip(STAGES, spent, strict=True):
                    self._counts[stage][bisect_left(BOUNDS_MS, ms)] += 1
                    self._sums_ms[stage] += ms

    def kinds(self) -> Mapping[Kind, int]:
        with self._lock:
            return dict(self._kinds)

    def histograms(self) -> Mapping[Stage, Histogram]:
        with self._lock:
            return {stage: Histogram(tuple(self._counts[stage]), self._sums_ms[stage]) for stage in STAGES}
