"""What the line costs beside its engine, against the targets, in one run: a table of target, figure, met or missed.

    python -m benchmarks.line_figures --bundle bundles/neu [--seconds 10] [--frames URI]

Ratios hold on a busy machine, times do not; the load is printed for that. Frames are 640 x 480 unless you name others.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.paced_frames import PacedFrames
from edge.bench import bench, load_pictures
from edge.bundle import Bundle, load_bundle
from edge.engines.choose import OpenedEngine, open_engine
from edge.errors import EdgevlError
from edge.feed import Numbers, Publisher, new_epoch
from edge.heartbeat import line_facts
from edge.history import History
from edge.inspector import Inspector
from edge.messages import Verdict
from edge.pictures import PicturePlan
from edge.plan import CameraPlan
from edge.preprocess import model_input
from edge.recipes import one_recipe
from edge.runtime import Line, Outlets
from edge.store import PICTURES, StoreLimits, open_store

_FRAMES = "pattern:?fps=0&size=640x480"
_CAMERAS = 8
_LOAD = 0.7
_WARM_S = 10.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. figure in the unit of `target`; how: what was measured, in a few words."""

    name: str
    target: str
    figure: str
    met: bool
    how: str


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements share: the model, and pictures (uint8 HxWx3 BGR) in memory."""

    bundle: Bundle
    opened: OpenedEngine
    images: Sequence[NDArray[np.uint8]]
    seconds: float


@dataclass(frozen=True, slots=True)
class Result:
    """profile: CPU ms a frame by thread, at full speed."""

    rows: list[Figure]
    profile: list[tuple[str, float]]


def figures(bundle_path: Path, frames: str, seconds: float, say: Callable[[str], None]) -> Result:
    """Measure all. Raises BundleError, EngineError, ConfigError."""
    bundle = load_bundle(bundle_path)
    opened = open_engine(bundle, threads=1)
    shared = Bench(bundle, opened, load_pictures(frames), seconds)
    try:
        rows = _against_bare(bundle_path, frames, shared)
        say("line against bare engine: measured")
        rows.append(_at_seventy(shared))
        say("latency at 70 % load: measured")
        rows.append(_many_cameras(shared))
        say("one and eight cameras: measured")
        profile = _profile(shared)
    finally:
        opened.engine.close()
    rows.append(_memory(bundle_path))
    return Result(rows, profile)


def _against_bare(bundle_path: Path, frames: str, shared: Bench) -> list[Figure]:
    result = bench(bundle_path, frames, shared.seconds * 3, threads=1)
    ratios = [r.line_fps / r.bare_fps for r in result.rounds]
    outside_ms = statistics.median(r.line_cpu_ms for r in result.rounds) - _engine_cpu_ms(shared)
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


def _at_seventy(shared: Bench) -> Figure:
    """Frames come on time; one that waits because the line is late counts from when it was due."""
    times = _bare_times_ms(shared)
    bare_ms, bare_p99_ms = np.percentile(times, [50, 99])
    fps = _LOAD * 1e3 / _line_ms(shared)
    verdicts = _run(shared, [PacedFrames("belt", shared.images, fps, shared.seconds)]).verdicts
    p99_ms = float(np.percentile([verdict.timings.total_ms for verdict in verdicts], 99))
    ratio = float(p99_ms / bare_ms)
    return Figure(
        "p99 capture to verdict at 70 % load / bare median",
        "<= 1.5",
        f"{ratio:.2f}",
        ratio <= 1.5,
        f"{p99_ms:.2f} ms / {bare_ms:.2f} ms at {fps:.0f} frames/s, {len(verdicts)} verdicts; the bare loop's own p99"
        f" was {bare_p99_ms / bare_ms:.2f} medians",
    )


def _many_cameras(shared: Bench) -> Figure:
    """The same total rate from one camera and from eight."""
    fps = _LOAD * 1e3 / _line_ms(shared)
    one = _run(shared, [PacedFrames("c0", shared.images, fps, shared.seconds)]).verdicts
    many = _run(
        shared,
        [PacedFrames(f"c{n}", shared.images, fps / _CAMERAS, shared.seconds, n / fps) for n in range(_CAMERAS)],
    ).verdicts
    change = len(many) / len(one) - 1
    by_camera = Counter(verdict.camera for verdict in many)
    spread = (max(by_camera.values()) - min(by_camera.values())) / statistics.mean(by_camera.values())
    return Figure(
        "1 to 8 cameras, constant total rate",
        "throughput 5 %, fairness 10 %",
        f"{change:+.1%}, {spread:.1%}",
        abs(change) <= 0.05 and len(by_camera) == _CAMERAS and spread <= 0.1,
        f"{len(one)} and {len(many)} verdicts in {shared.seconds:g} s each; fairness is (most - fewest) / mean",
    )


def _memory(bundle_path: Path) -> Figure:
    """Proportional set size of the service and its camera's process; no dashboard."""
    with tempfile.TemporaryDirectory(prefix="edgevl-figures-") as folder:
        line_file = Path(folder) / "one.toml"
        line_file.write_text(
            f'[line]\nname = "one"\nbundle = "{bundle_path.resolve()}"\ndata_dir = "data"\n'
            '[feed]\nbind = "tcp://127.0.0.1:*"\nrequests = "tcp://127.0.0.1:*"\n[dashboard]\nenabled = false\n'
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


def _engine_cpu_ms(shared: Bench) -> float:
    """CPU time of the engine alone, a frame: other programs hardly change it."""
    image_NHWC = model_input(shared.images[0], shared.bundle.manifest.input)[None]
    runs = 0
    begun, end = time.process_time(), time.perf_counter() + min(3.0, shared.seconds)
    while time.perf_counter() < end:
        shared.opened.engine.run(image_NHWC)
        runs += 1
    return (time.process_time() - begun) * 1e3 / runs


def _bare_times_ms(shared: Bench) -> list[float]:
    """Of preprocessing and engine, one picture after the other."""
    spec, engine = shared.bundle.manifest.input, shared.opened.engine
    times: list[float] = []
    end = time.perf_counter() + min(3.0, shared.seconds)
    while time.perf_counter() < end:
        begun = time.perf_counter()
        engine.run(model_input(shared.images[len(times) % len(shared.images)], spec)[None])
        times.append((time.perf_counter() - begun) * 1e3)
    return times


def _line_ms(shared: Bench) -> float:
    """Time a frame when the line is never kept waiting."""
    seconds = min(3.0, shared.seconds)
    return seconds * 1e3 / len(_run(shared, [PacedFrames("belt", shared.images, 0, seconds)], waits=True).verdicts)


def _profile(shared: Bench) -> list[tuple[str, float]]:
    """CPU ms a frame of each thread at full speed, the busiest first."""
    ran = _run(shared, [PacedFrames("belt", shared.images, 0, shared.seconds)], waits=True)
    costs = {name: cpu_s * 1e3 / len(ran.verdicts) for name, cpu_s in ran.cpu_s.items()}
    return sorted(costs.items(), key=lambda item: -item[1])


@dataclass(frozen=True, slots=True)
class Ran:
    """What a line did. cpu_s: CPU time of its threads, as far as they lived to the end; the others' under `ended`."""

    verdicts: list[Verdict]
    cpu_s: dict[str, float]


def _run(shared: Bench, sources: Sequence[PacedFrames], waits: bool = False) -> Ran:
    """A whole line with these cameras, until all have ended."""
    with (
        tempfile.TemporaryDirectory(prefix="edgevl-figures-") as folder,
        open_store(Path(folder), StoreLimits(), _nobody) as store,
        Publisher("tcp://127.0.0.1:*") as publisher,
    ):
        outlets = Outlets(store, publisher, PicturePlan(Path(folder) / PICTURES, True, 5.0, 80))
        cameras = [CameraPlan(source, waits=waits) for source in sources]
        facts = line_facts("figures", [shared.bundle], shared.opened)
        recipes = one_recipe(Inspector(shared.bundle, shared.opened.engine), [source.name for source in sources])
        line = Line(facts, cameras, recipes, outlets, Numbers(new_epoch()), _nobody)
        before = time.process_time()
        line.start()
        line.wait(timeout_s=3600)
        cpu_s = _thread_times(time.process_time() - before)
        line.stop()
        if line.failure is not None:
            raise line.failure
        return Ran([row.verdict for row in History(Path(folder)).recent(10_000_000)], cpu_s)


def _thread_times(total_s: float) -> dict[str, float]:
    """CPU seconds of the line's threads by name, out of so many that the process has used meanwhile."""
    names = {thread.native_id: thread.name for thread in threading.enumerate() if thread is not threading.main_thread()}
    times = {names[one.id]: one.user_time + one.system_time for one in psutil.Process().threads() if one.id in names}
    return {**times, "ended and others": max(0.0, total_s - sum(times.values()))}


def figures_table(result: Result, bundle: str) -> Table:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    costs = ", ".join(f"{name} {ms:.2f}" for name, ms in result.profile)
    caption = f"CPU ms a frame by thread, at full speed: {costs}"
    title = f"{bundle}; load {load} on {os.cpu_count()} cores"
    table = Table("", "target", "figure", "", "how", title=title, caption=caption)
    for row in result.rows:
        table.add_row(row.name, row.target, row.figure, "met" if row.met else "MISSED", row.how)
    return table


def _nobody(_sentence: str) -> None:
    """The line's log has no reader here."""


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
