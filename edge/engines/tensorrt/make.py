"""Make an engine for a bundle on this machine: build, prove with the golden frames, accept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from edge.bundle.files import entry_for
from edge.bundle.load import Bundle
from edge.engines.contract import outputs_of
from edge.engines.engine import Engine
from edge.engines.golden import GoldenResult, check_golden
from edge.engines.tensorrt import files
from edge.engines.tensorrt.build import BuildJob, build_plan
from edge.engines.tensorrt.library import Machine, tensorrt_bindings, this_machine
from edge.engines.tensorrt.progress import BuildWatcher, cancellable
from edge.engines.tensorrt.run import TensorRTEngine
from edge.engines.tensorrt.trtexec import TrtexecEngine, build_with_trtexec, find_trtexec
from edge.errors import EngineError

Tool = Literal["auto", "bindings", "trtexec"]


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """batch_sizes: ascending from 1. again: build also where an accepted engine is there. workspace_mb: 0 is all."""

    batch_sizes: tuple[int, ...] = (1,)
    tool: Tool = "auto"
    again: bool = False
    workspace_mb: int = 0


@dataclass(frozen=True, slots=True)
class MadeEngine:
    """An accepted engine; `fresh` where it was built now."""

    accepted: files.AcceptedEngine
    fresh: bool

    def sentence(self) -> str:
        record = self.accepted.record
        done = f"built by {record.built_by} in {record.seconds:.0f} s" if self.fresh else "was there already"
        return (
            f"{self.accepted.file}: {done}, {record.variant} for {record.machine}; agrees with the golden frames"
            f" (probabilities within {record.prob_diff:.1g}, {record.tolerance:g} is allowed)"
        )


def named_tool(name: str) -> Tool:
    """Raises EngineError with those that exist."""
    for tool in get_args(Tool):
        if tool == name:
            return cast(Tool, tool)
    raise EngineError(f"--tool {name} is not known; choose one of: {', '.join(get_args(Tool))}")


def batches_up_to(most: int) -> tuple[int, ...]:
    """One picture at a time is what a line does most, so it has a profile of its own."""
    return (1,) if most == 1 else (1, most)


def make_engine(bundle: Bundle, variant: str, options: EngineOptions, watcher: BuildWatcher) -> MadeEngine:
    """The accepted engine of a variant, built where there is none that fits.

    Raises EngineError: nothing here can build, the build failed, or the golden frames disagree (then no file stays);
    BundleError for a variant that does not exist. KeyboardInterrupt leaves the timing cache for the next build.
    """
    bundle.manifest.variant(variant)
    trtexec = _choose_trtexec(options.tool)
    if trtexec is None:
        return _make_with_bindings(bundle, variant, options, watcher)
    return _make_with_trtexec(trtexec, bundle, variant, options, watcher)


def _choose_trtexec(tool: Tool) -> Path | None:
    """None where the bindings do the work. Raises EngineError where neither is there."""
    program = find_trtexec() if tool != "bindings" else None
    if tool == "trtexec":
        if program is None:
            raise EngineError("there is no trtexec here; on a Jetson: sudo apt-get install libnvinfer-bin")
        return program
    try:
        tensorrt_bindings()
    except EngineError as error:
        if program is None:
            raise EngineError(f"{error}; there is no trtexec either") from error
        return program
    return None


def _make_with_bindings(bundle: Bundle, variant: str, options: EngineOptions, watcher: BuildWatcher) -> MadeEngine:
    machine = this_machine()
    there = None if options.again else _there(bundle, variant, machine, options.batch_sizes)
    if there is not None:
        return MadeEngine(there, fresh=False)
    trt, cancel, begin = tensorrt_bindings(), threading.Event(), time.monotonic()
    job = _job(bundle, variant, options, files.timing_cache_file(bundle, machine))
    plan = cancellable(lambda: build_plan(trt, job, watcher, cancel), cancel)
    candidate = _candidate(files.engine_file(bundle, variant, machine))
    files.write_atomically(candidate, plan)
    build = _Build(machine, "bindings", options.batch_sizes, time.monotonic() - begin)
    return _accept(bundle, variant, candidate, build, lambda: TensorRTEngine(bundle, variant, candidate))


def _make_with_trtexec(
    program: Path, bundle: Bundle, variant: str, options: EngineOptions, watcher: BuildWatcher
) -> MadeEngine:
    folder, begin = files.engine_folder(bundle), time.monotonic()
    job = _job(bundle, variant, options, folder / "trtexec.timing")
    candidate = folder / f"{bundle.manifest.bundle_id}-trtexec.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(f"cannot make {folder}: {error.strerror}; engines lie beside the bundle") from error
    try:
        machine = build_with_trtexec(program, job, candidate, watcher.said)
    except BaseException:
        candidate.unlink(missing_ok=True)
        raise
    build = _Build(machine, "trtexec", options.batch_sizes, time.monotonic() - begin)
    return _accept(
        bundle, variant, candidate, build, lambda: TrtexecEngine(program, candidate, outputs_of(bundle.manifest))
    )


@dataclass(frozen=True, slots=True)
class _Build:
    machine: Machine
    tool: files.Builder
    batch_sizes: tuple[int, ...]
    seconds: float


def _job(bundle: Bundle, variant: str, options: EngineOptions, timing_cache: Path) -> BuildJob:
    graph = bundle.file(bundle.manifest.variant(variant).file).absolute()
    return BuildJob(graph, bundle.manifest.input, options.batch_sizes, timing_cache.absolute(), options.workspace_mb)


def _there(bundle: Bundle, variant: str, machine: Machine, batch_sizes: tuple[int, ...]) -> files.AcceptedEngine | None:
    try:
        accepted = files.accepted_engine(bundle, variant, machine)
    except EngineError:
        return None
    return accepted if accepted.record.batch_sizes == batch_sizes else None


def _candidate(file: Path) -> Path:
    return file.with_name(file.name + ".candidate")


def _accept(bundle: Bundle, variant: str, candidate: Path, build: _Build, open_it: Callable[[], Engine]) -> MadeEngine:
    """Prove the candidate, then give it its name and its record; what disagrees is removed."""
    try:
        golden = _prove(bundle, variant, open_it())
        file = files.engine_file(bundle, variant, build.machine)
        files.withdraw(file)
        record = _record(bundle, variant, candidate, build, golden)
        candidate.replace(file)
    finally:
        candidate.unlink(missing_ok=True)
    return MadeEngine(files.accept(file, record), fresh=True)


def _prove(bundle: Bundle, variant: str, engine: Engine) -> GoldenResult:
    try:
        golden = check_golden(bundle, engine, variant)
    finally:
        engine.close()
    if not golden.ok:
        raise EngineError(
            f"the TensorRT engine of {variant} {golden.sentence()}; it was not kept, and ONNX Runtime goes on"
        )
    return golden


def _record(bundle: Bundle, variant: str, candidate: Path, build: _Build, golden: GoldenResult) -> files.EngineRecord:
    return files.EngineRecord(
        bundle_id=bundle.manifest.bundle_id,
        variant=variant,
        gpu=build.machine.gpu,
        capability=build.machine.capability,
        tensorrt=build.machine.tensorrt,
        batch_sizes=build.batch_sizes,
        built_by=build.tool,
        seconds=round(build.seconds, 3),
        sha256=entry_for(candidate).sha256,
        prob_diff=golden.prob_diff,
        map_diff=golden.map_diff,
        embedding_diff=golden.embedding_diff,
        anomaly_diff=golden.anomaly_diff,
        tolerance=golden.tolerance,
    )
