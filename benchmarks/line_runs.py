"""Runs of a whole line, and of its engine alone, on pictures in memory, for `benchmarks.line_figures`."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from benchmarks.paced_frames import PacedFrames
from camera.source import SourceEnded
from edge.bundle.load import Bundle
from edge.engines.choose import OpenedEngine
from edge.feed.publisher import Numbers, Publisher, new_epoch
from edge.inspection.inspector import Inspector
from edge.inspection.preprocess import model_input
from edge.line.heartbeat import line_facts
from edge.line.pictures import PicturePlan
from edge.line.plan import CameraPlan
from edge.line.recipes import one_recipe
from edge.messages import Verdict
from edge.runtime import Line, Outlets
from edge.store.database import PICTURES
from edge.store.history import History
from edge.store.opening import open_store
from edge.store.store import StoreLimits


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements share: the model, and pictures (uint8 HxWx3 BGR) in memory."""

    bundle: Bundle
    opened: OpenedEngine
    images: Sequence[NDArray[np.uint8]]
    seconds: float


def engine_cpu_ms(shared: Bench) -> float:
    """CPU time of the engine alone, a frame: other programs hardly change it."""
    image_NHWC = model_input(shared.images[0], shared.bundle.manifest.input)[None]
    runs = 0
    begun, end = time.process_time(), time.perf_counter() + min(3.0, shared.seconds)
    while time.perf_counter() < end:
        shared.opened.engine.run(image_NHWC)
        runs += 1
    return (time.process_time() - begun) * 1e3 / runs


def bare_times_ms(shared: Bench) -> list[float]:
    """Of preprocessing and engine, one picture after the other."""
    spec, engine = shared.bundle.manifest.input, shared.opened.engine
    times: list[float] = []
    end = time.perf_counter() + min(3.0, shared.seconds)
    while time.perf_counter() < end:
        begun = time.perf_counter()
        engine.run(model_input(shared.images[len(times) % len(shared.images)], spec)[None])
        times.append((time.perf_counter() - begun) * 1e3)
    return times


def bare_on_time_ms(shared: Bench, fps: float) -> list[float]:
    """From when a picture was due to its answer, of preprocessing and engine in one loop: what the machine allows."""
    spec, engine = shared.bundle.manifest.input, shared.opened.engine
    source = PacedFrames("bare", shared.images, fps, shared.seconds)
    source.open()
    times: list[float] = []
    try:
        while True:
            frame = source.read(10.0)
            engine.run(model_input(frame.image_HWC, spec)[None])
            times.append((time.monotonic_ns() - frame.captured_ns) / 1e6)
    except SourceEnded:
        return times


def line_ms(shared: Bench) -> float:
    """Time a frame when the line is never kept waiting."""
    seconds = min(3.0, shared.seconds)
    return seconds * 1e3 / len(run_line(shared, [PacedFrames("belt", shared.images, 0, seconds)], waits=True).verdicts)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a line did. cpu_s: CPU time of its threads, as far as they lived to the end; the others' under `ended`."""

    verdicts: list[Verdict]
    cpu_s: dict[str, float]


def run_line(shared: Bench, sources: Sequence[PacedFrames], waits: bool = False, batch: int = 1) -> Ran:
    """A whole line with these cameras, until all have ended. batch: how many pictures the engine gets at once."""
    with (
        tempfile.TemporaryDirectory(prefix="edgevl-figures-") as folder,
        open_store(Path(folder), StoreLimits(), _nobody) as store,
        Publisher("tcp://127.0.0.1:*") as publisher,
    ):
        outlets = Outlets(store, publisher, PicturePlan(Path(folder) / PICTURES, True, 5.0, 80))
        cameras = [CameraPlan(source, waits=waits) for source in sources]
        facts = line_facts("figures", [shared.bundle], shared.opened)
        inspector = Inspector(shared.bundle, shared.opened.engine, lambda: batch)
        recipes = one_recipe(inspector, [source.name for source in sources])
        line = Line(facts, cameras, recipes, outlets, Numbers(new_epoch()), _nobody)
        line.start()
        before = time.process_time()
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


def _nobody(_sentence: str) -> None:
    """The line's log has no reader here."""
