"""Whether reports slow verdicts down: p99 from capture to verdict with reports and without, at 70 % load, in turn.

    python -m benchmarks.reports_p99 --bundle bundles/neu [--turns 30] [--seconds 2] [--frames URI]

One whole line runs all the time, and every other turn its parts are offered to the reports, so that whatever else the
machine does hits both alike. What happens at the beginning of a turn, while reports that were queued before are still
written, is not counted. The process that writes is warm before the first turn. The target is a ratio of at most 1.05.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.paced_frames import PacedFrames
from edge.bench.measure import load_pictures
from edge.bundle.load import Bundle, load_bundle
from edge.engines.choose import OpenedEngine, open_engine
from edge.errors import EdgevlError
from edge.feed.publisher import Numbers, Publisher, new_epoch
from edge.inspection.inspector import Inspector
from edge.line.heartbeat import line_facts
from edge.line.pictures import PicturePlan
from edge.line.plan import CameraPlan
from edge.line.recipes import one_recipe
from edge.messages import ReportState, Verdict, time_text
from edge.reports.plan import NO_REPORTS, ReportPlan
from edge.runtime import Line, Outlets
from edge.store.database import PICTURES
from edge.store.history import History
from edge.store.opening import open_store
from edge.store.store import StoreLimits
from edge.verdict import Status

_FRAMES = "pattern:?fps=0&size=640x480"
_LOAD = 0.7
_TARGET = 1.05
_FULL_S = 4.0
# Reports that were queued in the turn before are written by then.
_SETTLE_S = 0.8
_WARM_S = 120.0
_WARM_REPORTS = 3
_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Shared:
    """What the lines share: the model, and pictures (uint8 HxWx3 BGR) in memory."""

    bundle: Bundle
    opened: OpenedEngine
    images: Sequence[NDArray[np.uint8]]


class Switch(frozenset[Status]):
    """The statuses that get a report, while it is on."""

    is_on = True

    def __contains__(self, status: object) -> bool:
        return self.is_on and super().__contains__(status)


@dataclass(frozen=True, slots=True)
class Turn:
    """begun, ended: as `time_text`. reports: by state. service_cpu, writer_cpu: cores that the processes used."""

    begun: str
    ended: str
    reports: Mapping[ReportState, int]
    seconds: float
    service_cpu: float
    writer_cpu: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Turns of one kind. times_ms: of each turn, from capture to verdict."""

    turns: list[Turn]
    times_ms: list[NDArray[np.float64]]

    @property
    def all_ms(self) -> NDArray[np.float64]:
        return np.concatenate(self.times_ms)

    @property
    def service_ms(self) -> float:
        """Processor time of the service a verdict."""
        used_s = sum(turn.service_cpu * turn.seconds for turn in self.turns)
        return 1e3 * used_s / len(self.all_ms)

    def percentile(self, share: float) -> float:
        return float(np.percentile(self.all_ms, share))


def measure(bundle_path: Path, frames: str, turns: int, seconds: float) -> tuple[Measured, Measured, float]:
    """Turns without and with reports, and the frames a second that they were given. Raises EdgevlError."""
    bundle = load_bundle(bundle_path)
    opened = open_engine(bundle, threads=1)
    shared = Shared(bundle, opened, load_pictures(frames))
    switch = Switch(ReportPlan((), ()).statuses)
    plan = ReportPlan((bundle_path.resolve(),), ("zh-TW", "en"), switch)
    without: list[Turn] = []
    having: list[Turn] = []
    try:
        with _line(shared, 0.0, _FULL_S, NO_REPORTS) as (line, full):
            line.wait(_FULL_S)
        fps = _LOAD * len(full) / _FULL_S
        with _line(shared, fps, 2 * turns * (seconds + _SETTLE_S) + _WARM_S, plan) as (line, verdicts):
            _warm(line)
            for number in range(turns):
                for switch.is_on in (False, True) if number % 2 else (True, False):
                    (having if switch.is_on else without).append(_turn(line, seconds))
    finally:
        opened.engine.close()
    return _measured(without, verdicts), _measured(having, verdicts), fps


@contextmanager
def _line(shared: Shared, fps: float, seconds: float, reports: ReportPlan) -> Iterator[tuple[Line, list[Verdict]]]:
    """A whole line at work; fps 0 for as fast as it goes. Its verdicts are there when it has ended."""
    verdicts: list[Verdict] = []
    with (
        tempfile.TemporaryDirectory(prefix="edgevl-reports-") as folder,
        open_store(Path(folder), StoreLimits(), _nobody) as store,
        Publisher("tcp://127.0.0.1:*") as publisher,
    ):
        outlets = Outlets(store, publisher, PicturePlan(Path(folder) / PICTURES, True, 5.0, 80), reports)
        camera = CameraPlan(PacedFrames("belt", shared.images, fps, seconds), waits=fps == 0)
        facts = line_facts("reports", [shared.bundle], shared.opened)
        recipes = one_recipe(Inspector(shared.bundle, shared.opened.engine), ["belt"])
        line = Line(facts, [camera], recipes, outlets, Numbers(new_epoch()), print)
        line.start()
        try:
            yield line, verdicts
        finally:
            line.stop()
        if line.failure is not None:
            raise line.failure
        verdicts += [kept.verdict for kept in History(Path(folder)).recent(10_000_000)]


def _turn(line: Line, seconds: float) -> Turn:
    line.wait(_SETTLE_S)
    begun, before = time_text(time.time_ns()), line.state().reports
    writer_s, service_s = _writer_s(), time.process_time()
    line.wait(seconds)
    service_s, writer_s = time.process_time() - service_s, _writer_s() - writer_s
    counted = {state: number - before[state] for state, number in line.state().reports.items()}
    return Turn(begun, time_text(time.time_ns()), counted, seconds, service_s / seconds, writer_s / seconds)


def _measured(turns: list[Turn], verdicts: Sequence[Verdict]) -> Measured:
    times = [[v.timings.total_ms for v in verdicts if turn.begun <= v.captured < turn.ended] for turn in turns]
    return Measured(turns, [np.array(of_turn) for of_turn in times])


def _warm(line: Line) -> None:
    """Until the process that writes has written."""
    deadline = time.monotonic() + _WARM_S
    while line.state().reports["ready"] < _WARM_REPORTS:
        if time.monotonic() > deadline:
            raise EdgevlError(f"no report was written within {_WARM_S:g} s; is no part NG, or the machine overloaded?")
        line.wait(0.1)


def _writer_s() -> float:
    """CPU seconds of our child processes, of which there is one at most."""
    times = [child.cpu_times() for child in psutil.Process().children()]
    return sum(one.user + one.system for one in times)


def table(without: Measured, having: Measured, fps: float, bundle: str) -> Table:
    """The figures; the ratio is that of the p99 of all turns together."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    kinds = (without, having)
    ratio = having.percentile(99) / without.percentile(99)
    counted = {state: sum(turn.reports[state] for turn in having.turns) for state in having.turns[0].reports}
    said = ", ".join(f"{number} {state}" for state, number in counted.items() if state != "queued")
    writer_cpu = statistics.mean(turn.writer_cpu for turn in having.turns)
    shown = Table(
        "",
        "without",
        "with reports",
        title=f"{bundle}: {fps:.0f} frames/s, {len(without.turns)} turns each; load {load} on {os.cpu_count()} cores",
        caption=f"{said}; the writing process used {writer_cpu:.2f} cores",
    )
    for share in (50, 90, 99, 99.9):
        shown.add_row(f"p{share}, ms", *(f"{kind.percentile(share):.2f}" for kind in kinds))
    shown.add_row("verdicts", *(str(len(kind.all_ms)) for kind in kinds))
    shown.add_row("CPU of the service, ms a verdict", *(f"{kind.service_ms:.3f}" for kind in kinds))
    shown.add_section()
    met = "met" if ratio <= _TARGET else "MISSED"
    shown.add_row("p99 with / without", f"<= {_TARGET}: {met}", f"{ratio:.3f}")
    low, high = _interval(without, having)
    pairs = [
        np.percentile(b, 99) / np.percentile(a, 99) for a, b in zip(without.times_ms, having.times_ms, strict=True)
    ]
    shown.add_row("of each pair of turns", "median", f"{statistics.median(pairs):.3f}")
    shown.add_row("95 % of draws of turns", f"{low:.3f}", f"to {high:.3f}")
    return shown


def _interval(without: Measured, having: Measured) -> tuple[float, float]:
    """Of the ratio, over draws of pairs of turns with replacement (the percentile bootstrap)."""
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(_DRAWS):
        pairs = rng.integers(len(having.turns), size=len(having.turns))
        p99 = [np.percentile(np.concatenate([kind.times_ms[n] for n in pairs]), 99) for kind in (having, without)]
        ratios.append(p99[0] / p99[1])
    low, high = np.percentile(ratios, (2.5, 97.5))
    return float(low), float(high)


def _nobody(_sentence: str) -> None:
    """The log has no reader here."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reports_p99", description=(__doc__ or "").split(":")[0])
    parser.add_argument("--bundle", type=Path, required=True, help="the bundle to run; its reports as it has them")
    parser.add_argument("--frames", default=_FRAMES, help="a camera's URI, a folder or a video")
    parser.add_argument("--turns", type=int, default=30, help="of each kind")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each turn")
    given = parser.parse_args(arguments)
    try:
        without, having, fps = measure(given.bundle, given.frames, given.turns, given.seconds)
    except EdgevlError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    Console().print(table(without, having, fps, str(given.bundle)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
