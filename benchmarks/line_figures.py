"""What the line costs beside its engine, against the targets, in one run: a table of target, figure, met or missed.

    python -m benchmarks.line_figures --bundle bundles/neu [--seconds 10] [--frames URI]

Each ratio is the median of rounds that measure both of its sides, one after the other. The load is printed: p99 and
throughput need a machine that does nothing else. Frames are 640 x 480 unless you name others. With ten
seconds for each measurement it takes about four minutes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.line_runs import Bench, bare_on_time_ms, bare_times_ms, engine_cpu_ms, line_ms, run_line
from benchmarks.paced_frames import PacedFrames
from edge.bench.measure import bench, load_pictures
from edge.bundle.load import load_bundle
from edge.engines.choose import open_engine
from edge.errors import EdgevlError
from edge.messages import Verdict

_FRAMES = "pattern:?fps=0&size=640x480"
_CAMERAS = 8
_LOAD = 0.7
_WARM_S = 10.0
# Whatever else the machine does hits all that is measured in a round alike; the median round is told.
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. figure in the unit of `target`; how: what was measured, in a few words."""

    name: str
    target: str
    figure: str
    met: bool
    how: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the way from capture to verdict."""

    name: str
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Result:
    """profile: CPU ms a frame by thread, at full speed. stages: of the verdicts at 70 % load, from one camera."""

    rows: list[Figure]
    profile: list[tuple[str, float]]
    stages: list[Stage]


def figures(bundle_path: Path, frames: str, seconds: float, say: Callable[[str], None]) -> Result:
    """Measure all. Raises BundleError, EngineError, ConfigError."""
    bundle = load_bundle(bundle_path)
    opened = open_engine(bundle, threads=1)
    shared = Bench(bundle, opened, load_pictures(frames), seconds)
    try:
        rows = _against_bare(bundle_path, frames, shared)
        say("line against bare engine: measured")
        rounds = []
        for number in range(1, _ROUNDS + 1):
            rounds.append(_round(shared))
            say(f"70 % load, from one camera and from eight: round {number} of {_ROUNDS} measured")
        rows += [_at_seventy(rounds), _many_cameras(rounds)]
        profile = _profile(shared)
    finally:
        opened.engine.close()
    rows.append(_memory(bundle_path))
    return Result(rows, profile, _stages(rounds))


def _against_bare(bundle_path: Path, frames: str, shared: Bench) -> list[Figure]:
    result = bench(bundle_path, frames, shared.seconds * 3, threads=1)
    ratios = [r.line_fps / r.bare_fps for r in result.rounds]
    outside_ms = statistics.median(r.line_cpu_ms for r in result.rounds) - engine_cpu_ms(shared)
    return [
        Figure(
            "line throughput / bare engine",
            ">= 0.95",
            f"{result.ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
            result.ratio >= 0.95,
            f"{len(ratios)} rounds of {result.pictures_per_round} frames, {result.width} x {result.height}",
        ),
        Figure(
            "cost per frame outside the engine",
            "<= 1 ms",
            f"{outside_ms:.2f} ms",
            outside_ms <= 1,
            f"CPU of all threads less the engine's; {result.extra_cpu_ms:.2f} ms without preprocessing",
        ),
    ]


@dataclass(frozen=True, slots=True)
class Round:
    """One after the other: the bare loop, the line at full speed, both at 70 % load, and eight cameras at that rate."""

    bare_ms: float
    fps: float
    bare_p99_ms: float
    one: Sequence[Verdict]
    many: Sequence[Verdict]

    @property
    def p99_ms(self) -> float:
        return float(np.percentile([verdict.timings.total_ms for verdict in self.one], 99))

    @property
    def change(self) -> float:
        """Verdicts of eight cameras against those of one."""
        return len(self.many) / len(self.one) - 1

    @property
    def spread(self) -> float:
        """(most - fewest) / mean over the cameras; one that got nothing counts."""
        counts = Counter(verdict.camera for verdict in self.many)
        by_camera = [counts[f"c{n}"] for n in range(_CAMERAS)]
        return (max(by_camera) - min(by_camera)) / statistics.mean(by_camera)


def _round(shared: Bench) -> Round:
    """Frames come on time; one that waits because the line is late counts from when it was due."""
    bare_ms = statistics.median(bare_times_ms(shared))
    fps = _LOAD * 1e3 / line_ms(shared)
    seconds, images = shared.seconds, shared.images
    return Round(
        bare_ms=bare_ms,
        fps=fps,
        bare_p99_ms=float(np.percentile(bare_on_time_ms(shared, fps), 99)),
        one=run_line(shared, [PacedFrames("c0", images, fps, seconds)]).verdicts,
        many=run_line(
            shared, [PacedFrames(f"c{n}", images, fps / _CAMERAS, seconds, n / fps) for n in range(_CAMERAS)]
        ).verdicts,
    )


def _at_seventy(rounds: Sequence[Round]) -> Figure:
    ratios = [one.p99_ms / one.bare_ms for one in rounds]
    bare = [one.bare_p99_ms / one.bare_ms for one in rounds]
    ratio = statistics.median(ratios)
    return Figure(
        "p99 capture to verdict at 70 % load / bare median",
        "<= 1.5",
        f"{ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        ratio <= 1.5,
        f"{len(rounds)} rounds at {statistics.median(one.fps for one in rounds):.0f} frames/s; the bare loop at"
        f" that rate: {statistics.median(bare):.2f} ({min(bare):.2f} to {max(bare):.2f})",
    )


def _many_cameras(rounds: Sequence[Round]) -> Figure:
    """Both as medians of the rounds."""
    changes, spreads = [one.change for one in rounds], [one.spread for one in rounds]
    change, spread = statistics.median(changes), statistics.median(spreads)
    return Figure(
        "1 to 8 cameras, constant total rate",
        "throughput 5 %, fairness 10 %",
        f"{change:+.1%}, {spread:.1%}",
        abs(change) <= 0.05 and spread <= 0.1,
        f"{len(rounds)} rounds: {min(changes):+.1%} to {max(changes):+.1%}, {min(spreads):.1%} to {max(spreads):.1%};"
        " fairness is (most - fewest) / mean",
    )


def _stages(rounds: Sequence[Round]) -> list[Stage]:
    """Where a verdict's time goes at 70 % load."""
    timings = [verdict.timings for one in rounds for verdict in one.one]
    spent = {
        "wait": [t.wait_ms for t in timings],
        "preprocess": [t.preprocess_ms for t in timings],
        "engine": [t.engine_ms for t in timings],
        "decide": [t.decide_ms for t in timings],
        "total": [t.total_ms for t in timings],
    }
    return [Stage(name, *np.percentile(times, [50, 99]).tolist()) for name, times in spent.items()]


def _memory(bundle_path: Path) -> Figure:
    """Proportional set size of the service and its camera's process; no dashboard, no report process."""
    with tempfile.TemporaryDirectory(prefix="edgevl-figures-") as folder:
        line_file = Path(folder) / "one.toml"
        line_file.write_text(
            f'[line]\nname = "one"\nbundle = "{bundle_path.resolve()}"\ndata_dir = "data"\n'
            '[feed]\nbind = "tcp://127.0.0.1:*"\nrequests = "tcp://127.0.0.1:*"\n[dashboard]\nenabled = false\n'
            "[reports]\nenabled = false\n"
            '[[camera]]\nname = "belt"\nuri = "pattern:?fps=25&size=640x480"\nisolate = true\n',
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "edgevl", "run", str(line_file)]
        service = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(_WARM_S)
            process = psutil.Process(service.pid)
            parts = [one.memory_full_info().pss / 1e6 for one in (process, *process.children(recursive=True))]
        finally:
            service.terminate()
            service.wait()
    total = sum(parts)
    how = f"PSS after {_WARM_S:g} s: service {parts[0]:.0f} MB, camera process {sum(parts[1:]):.0f} MB"
    return Figure("runtime memory, one camera, no reports", "<= 250 MB", f"{total:.0f} MB", total <= 250, how)


def _profile(shared: Bench) -> list[tuple[str, float]]:
    """CPU ms a frame of each thread at full speed, the busiest first."""
    ran = run_line(shared, [PacedFrames("belt", shared.images, 0, shared.seconds)], waits=True)
    costs = {name: cpu_s * 1e3 / len(ran.verdicts) for name, cpu_s in ran.cpu_s.items()}
    return sorted(costs.items(), key=lambda item: -item[1])


def figures_table(result: Result, bundle: str) -> Table:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    costs = ", ".join(f"{name} {ms:.2f}" for name, ms in result.profile)
    stages = ", ".join(f"{one.name} {one.p50_ms:.2f} / {one.p99_ms:.2f}" for one in result.stages)
    caption = f"CPU ms a frame by thread, at full speed: {costs}\nms at 70 % load, p50 / p99: {stages}"
    title = f"{bundle}; load {load} on {os.cpu_count()} cores"
    table = Table("", "target", "figure", "", "how", title=title, caption=caption)
    for row in result.rows:
        table.add_row(row.name, row.target, row.figure, "met" if row.met else "MISSED", row.how)
    return table


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.line_figures", description=(__doc__ or "").split(":")[0]
    )
    parser.add_argument("--bundle", type=Path, required=True, help="the bundle to run")
    parser.add_argument("--frames", default=_FRAMES, help="a camera's URI, a folder or a video")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each measurement; the first takes three times")
    given = parser.parse_args(arguments)
    try:
        result = figures(given.bundle, given.frames, given.seconds, Console(stderr=True).print)
    except EdgevlError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    Console().print(figures_table(result, str(given.bundle)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
