"""What batches across cameras are worth: the line with its engine given 1, 2, 4 and 8 pictures at once.

    python -m benchmarks.batches --bundle bundles/neu [--cameras 8] [--seconds 3] [--variant float32] [--frames URI]

For each size, in turn and round after round: time a picture of the engine alone, verdicts a second of the whole line
with all cameras at full speed, how evenly they came off, and capture to verdict at 70 % of what one by one manages.
Medians of the rounds. Who is asked for no size (`batch = 0` in the line file) gets the one that the last line names.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.line_runs import Bench, run_line
from benchmarks.paced_frames import PacedFrames
from edge.bench.measure import load_pictures
from edge.bundle.load import load_bundle
from edge.engines.batch import seconds_of, worthwhile_batch
from edge.engines.choose import open_engine
from edge.errors import EdgevlError
from edge.inspection.preprocess import model_input
from edge.messages import Verdict

_FRAMES = "pattern:?fps=0&size=640x480"
_SIZES = (1, 2, 4, 8)
_LOAD = 0.7
_ROUNDS = 5
_CALLS = 20


@dataclass(frozen=True, slots=True)
class Measured:
    """One size in one round. spread: (most - fewest) / mean verdicts over the cameras at full speed."""

    engine_ms: float
    fps: float
    spread: float
    p50_ms: float
    p99_ms: float


def measure(shared: Bench, cameras: int, size: int, load_fps: float | None) -> Measured:
    """load_fps: the rate of all cameras together for the latencies; None: 70 % of what was just reached."""
    full = _run(shared, cameras, 0.0, size, waits=True)
    fps = len(full) / shared.seconds
    counts = Counter(verdict.camera for verdict in full)
    by_camera = [counts[f"c{n}"] for n in range(cameras)]
    held = [one.timings.total_ms for one in _run(shared, cameras, load_fps or _LOAD * fps, size, waits=False)]
    p50_ms, p99_ms = np.percentile(held, [50, 99]).tolist()
    spread = (max(by_camera) - min(by_camera)) / statistics.mean(by_camera)
    return Measured(_engine_ms(shared, size), fps, spread, p50_ms, p99_ms)


def _run(shared: Bench, cameras: int, fps: float, size: int, *, waits: bool) -> list[Verdict]:
    sources = [
        PacedFrames(f"c{n}", shared.images, fps / cameras, shared.seconds, n / fps if fps else 0.0)
        for n in range(cameras)
    ]
    return run_line(shared, sources, waits, size).verdicts


def _engine_ms(shared: Bench, size: int) -> float:
    image_HWC = model_input(shared.images[0], shared.bundle.manifest.input)
    image_NHWC = np.repeat(image_HWC[None], size, axis=0)
    times = [seconds_of(shared.opened.engine, image_NHWC) for _ in range(_CALLS)]
    return statistics.median(seconds for seconds in times if seconds is not None) * 1e3 / size


def _table(rounds: Sequence[dict[int, Measured]], shared: Bench, cameras: int) -> Table:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    names = ("pictures at once", "engine, ms a picture", "verdicts/s", "to one by one", "spread", "p50 / p99 ms")
    table = Table(*names, title=f"{cameras} cameras, {shared.opened.engine.description}")
    why = worthwhile_batch(shared.opened.engine, model_input(shared.images[0], shared.bundle.manifest.input))[1]
    table.caption = f"{len(rounds)} rounds; load {load} on {os.cpu_count()} cores\nby itself: {why}"
    for size in _SIZES:
        rows = [one[size] for one in rounds]
        ratios = [one[size].fps / one[1].fps for one in rounds]
        p50_ms, p99_ms = (statistics.median(times) for times in zip(*((r.p50_ms, r.p99_ms) for r in rows), strict=True))
        table.add_row(
            str(size),
            f"{statistics.median(row.engine_ms for row in rows):.2f}",
            f"{statistics.median(row.fps for row in rows):.0f}",
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
            f"{statistics.median(row.spread for row in rows):.1%}",
            f"{p50_ms:.2f} / {p99_ms:.2f}",
        )
    return table


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batches", description=(__doc__ or "").split(":")[0])
    parser.add_argument("--bundle", type=Path, required=True, help="the bundle to run")
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--variant", default="auto", help="of the bundle")
    parser.add_argument("--frames", default=_FRAMES, help="a camera's URI, a folder or a video")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each run; there are eight a round")
    given = parser.parse_args(arguments)
    try:
        bundle = load_bundle(given.bundle)
        opened = open_engine(bundle, given.variant, threads=1)
        shared = Bench(bundle, opened, load_pictures(given.frames), given.seconds)
        rounds = []
        for _ in track(range(_ROUNDS), "measuring", console=Console(stderr=True), transient=True):
            alone = measure(shared, given.cameras, 1, None)
            rest = {size: measure(shared, given.cameras, size, _LOAD * alone.fps) for size in _SIZES[1:]}
            rounds.append({1: alone, **rest})
        Console().print(_table(rounds, shared, given.cameras))
        opened.engine.close()
    except EdgevlError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
