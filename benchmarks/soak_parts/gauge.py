"""What the processes of a line hold over time: memory, open files, threads."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import psutil

from benchmarks.soak_parts.rig import Rig

_EVERY_S = 2.0
_LOOKS = 5
# Looks at a camera's process that do not count: it grows for its first thousand pictures, and is killed often here.
_YOUNG = 20
# So long nothing should happen before `stop`.
CALM_S = (_LOOKS + 1) * _EVERY_S


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the service. cameras_mb: by process. All resident memory, in MB."""

    at_s: float
    service_mb: float
    cameras_mb: dict[int, float]
    files: int
    threads: int


@dataclass(frozen=True, slots=True)
class Growth:
    """One life of the service after its warm-up. Slopes in MB an hour, by least squares.

    files, threads: the largest number of a few looks at the beginning, the smallest of a few at the end: connections
    come and go, a leak does not go.
    """

    minutes: float
    service_mb: float
    service_slope: float
    cameras_slope: float
    files: tuple[int, int]
    threads: tuple[int, int]

    @property
    def is_leaking(self) -> bool:
        return self.files[1] > self.files[0] or self.threads[1] > self.threads[0]


class Gauge:
    """Looks every two seconds from a thread of its own; `start` begins anew with the service that runs then."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._samples: list[Sample] = []

    def start(self, warm_up_s: float) -> None:
        """Forget what was seen so far."""
        self._end()
        self._samples = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(warm_up_s, self._stop), name="gauge", daemon=True)
        self._thread.start()

    def stop(self) -> Growth | None:
        """None where the life was too short to say anything."""
        self._end()
        return growth(self._samples) if len(self._samples) > 2 * _LOOKS else None

    def _end(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, warm_up_s: float, stop: threading.Event) -> None:
        stop.wait(warm_up_s)
        while not stop.wait(_EVERY_S):
            # Where a process ends while it is looked at, the next look will do.
            with suppress(psutil.Error):
                self._samples.append(_look(self._rig))


def _look(rig: Rig) -> Sample:
    service = psutil.Process(rig.service.pid)
    cameras = {child.pid: child.memory_info().rss / 1e6 for child in rig.camera_processes()}
    with service.oneshot():
        rss = service.memory_info().rss / 1e6
        return Sample(time.monotonic(), rss, cameras, service.num_fds(), service.num_threads())


def growth(samples: list[Sample]) -> Growth:
    """From the samples of one life of the service."""
    first, last = samples[:_LOOKS], samples[-_LOOKS:]
    pids = {pid for sample in samples for pid in sample.cameras_mb}
    lives = [[(s.at_s, s.cameras_mb[pid]) for s in samples if pid in s.cameras_mb][_YOUNG:] for pid in pids]
    return Growth(
        minutes=(samples[-1].at_s - samples[0].at_s) / 60,
        service_mb=samples[-1].service_mb,
        service_slope=slope_mb_h([[(s.at_s, s.service_mb) for s in samples]]),
        cameras_slope=slope_mb_h([life for life in lives if life]),
        files=(max(s.files for s in first), min(s.files for s in last)),
        threads=(max(s.threads for s in first), min(s.threads for s in last)),
    )


def slope_mb_h(lives: list[list[tuple[float, float]]]) -> float:
    """The slope common to several processes' (seconds, MB), each with a level of its own. 0 without two points."""
    covariance = variance = 0.0
    for life in lives:
        points = np.array(life)
        seconds, mb = points[:, 0] - points[:, 0].mean(), points[:, 1] - points[:, 1].mean()
        covariance += float(seconds @ mb)
        variance += float(seconds @ seconds)
    return covariance / variance * 3600 if variance > 0 else 0.0
