"""How much of the bare engine's speed is left when the whole line runs around it: both measured in one run.

Three loops over the same pictures in memory, with the same engine, in turn, round after round, so that whatever
else the machine does hits all three alike:

    engine   `session.run` on ready model inputs
    bare     `model_input` and `session.run`, nothing else: what a script around ONNX Runtime would do
    line     capture thread -> queue -> inspection -> SQLite -> feed, as `edgevl run` does it

The ratio line / bare is the figure to watch: it holds on a busy machine, where times do not.
"""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from camera.open import SCHEMES, open_source
from camera.source import SourceEnded, SourceError, SourceTimeout
from edge.bench.rehearse import rehearse
from edge.bundle.load import Bundle, load_bundle
from edge.bundle.manifest import InputSpec
from edge.engines.choose import OpenedEngine, open_engine
from edge.engines.engine import Engine
from edge.errors import ConfigError
from edge.inspection.preprocess import model_input

_ROUNDS = 5
_LOOPS = 3

# Pictures kept in memory: enough to differ, few enough for a small machine.
_MOST_PICTURES = 64
_MOST_BYTES = 256 * 2**20
_PATIENCE_S = 10.0

# A round of the line must outlast its start and its end.
_LEAST_PICTURES = 50


@dataclass(frozen=True, slots=True)
class Round:
    """Pictures a second of the three loops, and the line's own latencies (capture to verdict, while held back).

    bare_cpu_ms, line_cpu_ms: CPU time a picture of the whole process, all threads together, from the line's start on.
    """

    engine_fps: float
    bare_fps: float
    line_fps: float
    bare_cpu_ms: float
    line_cpu_ms: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class BenchResult:
    """What was measured. peak_mb: the process's largest resident memory, with the pictures that it holds."""

    bundle_name: str
    engine: str
    why: str
    pictures: int
    width: int
    height: int
    pictures_per_round: int
    rounds: tuple[Round, ...]
    peak_mb: float

    @property
    def extra_cpu_ms(self) -> float:
        """CPU time a picture that the line takes beyond the bare loop; other programs hardly change it."""
        return statistics.median(r.line_cpu_ms - r.bare_cpu_ms for r in self.rounds)

    @property
    def ratio(self) -> float:
        """The median over the rounds of line / bare."""
        return statistics.median(r.line_fps / r.bare_fps for r in self.rounds)


def bench(bundle_path: Path, frames: str, seconds: float, threads: int = 0) -> BenchResult:
    """Measure for about `seconds`. frames: a camera's URI, or the path of a folder or a video.

    Raises BundleError, EngineError, and ConfigError where no frame can be had.
    """
    bundle = load_bundle(bundle_path)
    images = load_pictures(frames)
    opened = open_engine(bundle, threads=threads)
    try:
        count = _pictures_per_round(opened.engine, images, bundle.manifest.input, seconds)
        many = [images[i % len(images)] for i in range(count)]
        steps = track(range(_ROUNDS), "measuring", console=Console(stderr=True), transient=True)
        rounds = tuple(_round(many, bundle, opened) for _ in steps)
    finally:
        opened.engine.close()
    return BenchResult(
        bundle_name=bundle.manifest.name,
        engine=opened.engine.description,
        why=opened.why,
        pictures=len(images),
        width=images[0].shape[1],
        height=images[0].shape[0],
        pictures_per_round=count,
        rounds=rounds,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def load_pictures(frames: str) -> list[NDArray[np.uint8]]:
    """The first pictures (uint8 BGR) of a camera, a folder or a video. Raises ConfigError."""
    images: list[NDArray[np.uint8]] = []
    size = 0
    try:
        source = open_source(_uri(frames), "bench", Path.cwd())
        source.open()
        try:
            while len(images) < _MOST_PICTURES and size < _MOST_BYTES:
                images.append(source.read(_PATIENCE_S).image_HWC)
                size += images[-1].nbytes
        except (SourceEnded, SourceTimeout):
            pass
        finally:
            source.close()
    except SourceError as error:
        raise ConfigError(f"no frames from {frames}: {error}") from error
    if not images:
        raise ConfigError(f"no frames from {frames}: it gave none; name a folder of images, a video or a camera")
    return images


def _uri(frames: str) -> str:
    if frames.partition(":")[0] in SCHEMES:
        return frames
    path = Path(frames).absolute()
    return f"folder:{path}?fps=0" if path.is_dir() else f"file:{path}?fps=0"


def _pictures_per_round(engine: Engine, images: Sequence[NDArray[np.uint8]], spec: InputSpec, seconds: float) -> int:
    """So many that all rounds of all loops take about `seconds`."""
    fps = min(_bare_fps(engine, images[:5], spec) for _ in range(2))
    return max(_LEAST_PICTURES, round(fps * seconds / (_ROUNDS * _LOOPS)))


def _round(images: Sequence[NDArray[np.uint8]], bundle: Bundle, opened: OpenedEngine) -> Round:
    spec = bundle.manifest.input
    engine_fps = _engine_fps(opened.engine, images, spec)
    begun = time.process_time()
    bare_fps = _bare_fps(opened.engine, images, spec)
    bare_cpu_s = time.process_time() - begun
    with tempfile.TemporaryDirectory(prefix="edgevl-bench-") as folder:
        summary = rehearse(images, bundle, opened, Path(folder), _nobody)
    return Round(
        engine_fps=engine_fps,
        bare_fps=bare_fps,
        line_fps=len(images) / summary.seconds,
        bare_cpu_ms=bare_cpu_s / len(images) * 1e3,
        line_cpu_ms=summary.cpu_s / len(images) * 1e3,
        p50_ms=summary.pace.p50_ms,
        p99_ms=summary.pace.p99_ms,
    )


def _engine_fps(engine: Engine, images: Sequence[NDArray[np.uint8]], spec: InputSpec) -> float:
    image_NHWC = model_input(images[0], spec)[None]
    begin = time.perf_counter()
    for _ in images:
        engine.run(image_NHWC)
    return len(images) / (time.perf_counter() - begin)


def _bare_fps(engine: Engine, images: Sequence[NDArray[np.uint8]], spec: InputSpec) -> float:
    begin = time.perf_counter()
    for image_HWC in images:
        engine.run(model_input(image_HWC, spec)[None])
    return len(images) / (time.perf_counter() - begin)


def _nobody(_sentence: str) -> None:
    """The line's log has no reader here."""


def result_table(result: BenchResult) -> Table:
    """For the terminal: medians over the rounds, with the range of the ratio."""
    ratios = [r.line_fps / r.bare_fps for r in result.rounds]
    caption = (
        f"{len(result.rounds)} rounds of {result.pictures_per_round} frames ({result.pictures} different,"
        f" {result.width} x {result.height}) per loop; {result.engine}; {result.why}"
    )
    table = Table(
        "", "frames/s", "ms a frame", title=f"{result.bundle_name}: line against bare engine", caption=caption
    )
    for name, key in (("engine alone", "engine_fps"), ("preprocess + engine", "bare_fps"), ("whole line", "line_fps")):
        fps = statistics.median(getattr(r, key) for r in result.rounds)
        table.add_row(name, f"{fps:.1f}", f"{1e3 / fps:.2f}")
    table.add_section()
    table.add_row("line / bare", f"{result.ratio:.3f}", f"{min(ratios):.3f} to {max(ratios):.3f}")
    table.add_row("CPU beyond preprocess + engine", "", f"{result.extra_cpu_ms:.2f}")
    table.add_row("capture to verdict p50", "", f"{statistics.median(r.p50_ms for r in result.rounds):.2f}")
    table.add_row("capture to verdict p99", "", f"{statistics.median(r.p99_ms for r in result.rounds):.2f}")
    table.add_row("peak memory", "", f"{result.peak_mb:.0f} MB")
    return table
