"""Whether reports slow verdicts down: p99 from capture to verdict with reports and without, at 70 % load, in turn.

    python -m benchmarks.reports_p99 --bundle bundles/neu [--rounds 6] [--seconds 15] [--frames URI]

Rounds with and without reports alternate within one run, so that whatever else the machine does hits both alike. The
process that writes is warm before a round counts. The target is a ratio of at most 1.05.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.paced_frames import PacedFrames
from edge.bench.measure import load_pictures
from edge.bundle import Bundle, load_bundle
from edge.engines.choose import OpenedEngine, open_engine
from edge.errors import EdgevlError
from edge.feed.publisher import Numbers, Publisher, new_epoch
from edge.inspection.inspector import Inspector
from edge.line.heartbeat import line_facts
from edge.line.pictures import PicturePlan
from edge.line.plan import CameraPlan
from edge.line.recipes import one_recipe
from edge.messages import ReportState, time_text
from edge.reports.plan import NO_REPORTS, ReportPlan
from edge.runtime import Line, Outlets
from edge.store.history import History
from edge.store.store import PICTURES, StoreLimits, open_store

_FRAMES = "pattern:?fps=0&size=640x480"
_LOAD = 0.7
_TARGET = 1.05
_WARM_S = 120.0
_WARM_REPORTS = 3


@dataclass(frozen=True, slots=True)
class Shared:
    """What all rounds share: the model, and pictures (uint8 HxWx3 BGR) in memory."""

    bundle: Bundle
    opened: OpenedEngine
    images: Sequence[NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class Round:
    """times_ms: from capture to verdict. reports: by state. service_cpu, writer_cpu: cores that the processes used."""

    times_ms: NDArray[np.float64]
    reports: Mapping[ReportState, int]
    service_cpu: float
    writer_cpu: float

    @property
    def p99_ms(self) -> float:
        return float(np.percentile(self.times_ms, 99))


def measure(bundle_path: Path, frames: str, rounds: int, seconds: float) -> tuple[list[Round], list[Round], float]:
    """Rounds without and with reports, and the frames a second that they were given. Raises EdgevlError."""
    bundle = load_bundle(bundle_path)
    opened = open_engine(bundle, threads=1)
    shared = Shared(bundle, opened, load_pictures(frames))
    plan = ReportPlan((bundle_path.resolve(),), ("zh-TW", "en"))
    without: list[Round] = []
    having: list[Round] = []
    try:
        fps = _LOAD * len(_round(shared, NO_REPORTS, 0.0, 3.0).times_ms) / 3.0
        for number in range(rounds):
            turns = [(without, NO_REPORTS), (having, plan)]
            for into, reports in turns if number % 2 else reversed(turns):
                into.append(_round(shared, reports, fps, seconds))
    finally:
        opened.engine.close()
    return without, having, fps


def _round(shared: Shared, reports: ReportPlan, fps: float, seconds: float) -> Round:
    """A whole line over these pictures, for a while; fps 0 for as fast as it goes."""
    with (
        tempfile.TemporaryDirectory(prefix="edgevl-reports-") as folder,
        open_store(Path(folder), StoreLimits(), _nobody) as store,
        Publisher("tcp://127.0.0.1:*") as publisher,
    ):
        outlets = Outlets(store, publisher, PicturePlan(Path(folder) / PICTURES, True, 5.0, 80), reports)
        camera = CameraPlan(PacedFrames("belt", shared.images, fps, seconds + _WARM_S), waits=fps == 0)
        facts = line_facts("reports", [shared.bundle], shared.opened)
        recipes = one_recipe(Inspector(shared.bundle, shared.opened.engine), ["belt"])
        line = Line(facts, [camera], recipes, outlets, Numbers(new_epoch()), print)
        line.start()
        if reports.statuses:
            _warm(line)
        begun = time_text(time.time_ns())
        before, writer_s, service_s = line.state().reports, _writer_s(), time.process_time()
        line.wait(seconds)
        service_s, writer_s = time.process_time() - service_s, _writer_s() - writer_s
        after = line.state().reports
        line.stop()
        if line.failure is not None:
            raise line.failure
        verdicts = [kept.verdict for kept in History(Path(folder)).recent(10_000_000)]
    times = [v.timings.total_ms for v in verdicts if v.captured >= begun]
    counted = {state: number - before[state] for state, number in after.items()}
    return Round(np.array(times), counted, service_s / seconds, writer_s / seconds)


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


def table(without: Sequence[Round], having: Sequence[Round], fps: float, seconds: float, bundle: str) -> Table:
    """The figures; the ratio is that of the p99 of all rounds together."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    pooled = [np.concatenate([r.times_ms for r in rounds]) for rounds in (without, having)]
    ratio = float(np.percentile(pooled[1], 99) / np.percentile(pooled[0], 99))
    ratios = [b.p99_ms / a.p99_ms for a, b in zip(without, having, strict=True)]
    counted = {state: sum(r.reports[state] for r in having) for state in having[0].reports}
    said = ", ".join(f"{number} {state}" for state, number in counted.items() if state != "queued")
    shown = Table(
        "",
        "without",
        "with reports",
        title=f"{bundle}: {fps:.0f} frames/s, {len(without)} rounds each; load {load} on {os.cpu_count()} cores",
        caption=f"{said}; the writing process used {statistics.mean(r.writer_cpu for r in having):.2f} cores",
    )
    for name, share in (("p50", 50), ("p99", 99), ("p99.9", 99.9)):
        shown.add_row(f"{name}, ms", *(f"{np.percentile(times, share):.2f}" for times in pooled))
    shown.add_row("verdicts", *(str(len(times)) for times in pooled))
    costs = [sum(r.service_cpu for r in rounds) * seconds * 1e3 for rounds in (without, having)]
    shown.add_row(
        "CPU of the service, ms a verdict", *(f"{c / len(t):.3f}" for c, t in zip(costs, pooled, strict=True))
    )
    shown.add_section()
    met = "met" if ratio <= _TARGET else "MISSED"
    shown.add_row("p99 with / without", f"<= {_TARGET}: {met}", f"{ratio:.3f}")
    shown.add_row("of each pair of rounds", "median", f"{statistics.median(ratios):.3f}")
    return shown


def _nobody(_sentence: str) -> None:
    """The log has no reader here."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reports_p99", description=(__doc__ or "").split(":")[0])
    parser.add_argument("--bundle", type=Path, required=True, help="the bundle to run; its reports as it has them")
    parser.add_argument("--frames", default=_FRAMES, help="a camera's URI, a folder or a video")
    parser.add_argument("--rounds", type=int, default=6, help="of each kind")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each round")
    given = parser.parse_args(arguments)
    try:
        without, having, fps = measure(given.bundle, given.frames, given.rounds, given.seconds)
    except EdgevlError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    Console().print(table(without, having, fps, given.seconds, str(given.bundle)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
