"""Open the engine that runs a bundle best on this machine, and say in one sentence why it is that one.

Every candidate (place, variant, thread count) is opened, warmed up and held against the golden frames: one that
computes something else is out, however fast. The others are timed on one golden frame, one after the other. A
TensorRT engine that `edgevl engine` built and accepted is tried first; where it does not fit, the reason is told.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.bundle.load import Bundle
from edge.bundle.manifest import MadeFor, Manifest
from edge.engines.batch import worthwhile_batch
from edge.engines.engine import Engine
from edge.engines.golden import GoldenResult, check_golden, golden_frames
from edge.engines.ort import PROVIDERS, OrtEngine, available_providers, default_threads
from edge.engines.tensorrt.files import accepted_engine, all_records
from edge.engines.tensorrt.library import this_machine
from edge.engines.tensorrt.run import TensorRTEngine
from edge.errors import EngineError

AUTO = "auto"

_ENGINE_FILE = "TensorRT engine file"
_ORT_TENSORRT = "TensorrtExecutionProvider"

# Where a graph may run, as people say it: an engine file of ours, and providers of ONNX Runtime.
_PLACES: dict[str, tuple[str, ...]] = {
    AUTO: (_ENGINE_FILE, *PROVIDERS),
    "tensorrt": (_ENGINE_FILE, _ORT_TENSORRT),
    "cuda": ("CUDAExecutionProvider",),
    "openvino": ("OpenVINOExecutionProvider",),
    "cpu": ("CPUExecutionProvider",),
}

# A later candidate must be this much faster than an earlier one; less is noise, and the choice would change from
# start to start. Candidates come in the order of preference: the workshop's default variant, few threads.
_CLEARLY_FASTER = 0.85

_MOST_RUNS = 20
_FEWEST_RUNS = 3
_TIMING_S = 0.25


@dataclass(frozen=True, slots=True)
class OpenedEngine:
    """A warm engine that agrees with the golden frames; `why` is for the log, the feed and the doctor.

    name: what `open_engine(without=...)` leaves out: the variant and its place, whatever the threads. batch: how many
    pictures it should get at once.
    """

    engine: Engine
    variant: str
    why: str
    name: str = ""
    batch: int = 1


@dataclass(frozen=True, slots=True)
class _Candidate:
    """provider: ONNX Runtime's name for it, or _ENGINE_FILE."""

    provider: str
    variant: str
    threads: int

    @property
    def name(self) -> str:
        """Variant and place."""
        if self.provider == _ENGINE_FILE:
            return f"{self.variant} on TensorRT"
        return f"{self.variant} on {self.provider.removesuffix('ExecutionProvider')}"

    def __str__(self) -> str:
        if self.provider == _ENGINE_FILE:
            return self.name
        return f"{self.name} with {self.threads} thread{'s' if self.threads > 1 else ''}"


@dataclass(frozen=True, slots=True)
class _Trial:
    """A candidate that runs and agrees: the open engine and its median time per frame."""

    candidate: _Candidate
    engine: Engine
    ms: float


def open_engine(
    bundle: Bundle,
    variant: str = AUTO,
    threads: int = 0,
    place: str = AUTO,
    without: frozenset[str] = frozenset(),
    batch: int = 1,
) -> OpenedEngine:
    """Open one variant, or with `auto` the fastest that agrees with the golden frames.

    threads: 0 tries one and `default_threads()`. place: `auto`, or one of `places()`. without: names of engines that
    failed here (`OpenedEngine.name`). batch: how many pictures it should get at once; 0 measures what pays. Raises
    BundleError for a variant that does not exist, EngineError with every candidate's reason where none can run.
    """
    if variant != AUTO:
        bundle.manifest.variant(variant)
    frame_NHWC = golden_frames(bundle)[:1]
    best: _Trial | None = None
    notes: list[str] = []
    for candidate in _candidates(bundle, variant, threads, _providers(place)):
        if candidate.provider == _ORT_TENSORRT and best is not None and best.candidate.provider == _ENGINE_FILE:
            continue  # it would build for minutes what is there already
        if candidate.name in without:
            notes.append(f"{candidate} has failed before")
            continue
        try:
            trial = _try(bundle, candidate, frame_NHWC)
        except EngineError as error:
            notes.append(f"{candidate} is out: {error}")
            continue
        best, loser = _better(best, trial)
        if loser is not None:
            loser.engine.close()
            notes.append(f"{loser.candidate} takes {loser.ms:.2f} ms")
    if best is None:
        reasons = "; ".join(notes) or f"{place} needs an engine file (`edgevl engine`) or an ONNX Runtime built for it"
        raise EngineError(f"no engine on this machine can run {bundle.path}: {reasons}")
    size, about_batch = (batch, "") if batch else worthwhile_batch(best.engine, frame_NHWC[0])
    why = "; ".join(clause for clause in (_why(best, notes), about_batch) if clause)
    return OpenedEngine(best.engine, best.candidate.variant, why, best.candidate.name, size)


def places() -> tuple[str, ...]:
    """The places that `open_engine` can be held to."""
    return tuple(name for name in _PLACES if name != AUTO)


def _providers(place: str) -> tuple[str, ...]:
    """What to try at a place; of ONNX Runtime's, those it was built with. Raises EngineError for an unknown place."""
    if place not in _PLACES:
        raise EngineError(f"there is no engine called {place}; choose one of: {', '.join(places())}")
    built_in = available_providers()
    return tuple(p for p in _PLACES[place] if p == _ENGINE_FILE or p in built_in)


def _candidates(bundle: Bundle, variant: str, threads: int, providers: tuple[str, ...]) -> Iterator[_Candidate]:
    names = [variant] if variant != AUTO else _default_first(bundle.manifest)
    built = {record.variant for record in all_records(bundle)}
    for provider in providers:
        counts = [threads] if threads else sorted({1, default_threads()})
        for name in names:
            if provider == _ENGINE_FILE and name not in built:
                continue  # no word about TensorRT where nobody asked for it
            if variant == AUTO and bundle.manifest.variant(name).made_for not in ("any", _kind_of(provider)):
                continue
            # threads only matter where the CPU does the work
            for count in counts if provider == "CPUExecutionProvider" else counts[:1]:
                yield _Candidate(provider, name, count)


def _kind_of(provider: str) -> MadeFor:
    """Whose kernels a place has."""
    return "cpu" if provider in ("CPUExecutionProvider", "OpenVINOExecutionProvider") else "gpu"


def _default_first(manifest: Manifest) -> list[str]:
    names = [v.name for v in manifest.variants]
    return sorted(names, key=lambda name: name != manifest.default_variant)


def _try(bundle: Bundle, candidate: _Candidate, frame_NHWC: NDArray[np.uint8]) -> _Trial:
    engine = _open(bundle, candidate)
    try:
        _demand_agreement(check_golden(bundle, engine, candidate.variant))
        return _Trial(candidate, engine, _median_ms(engine, frame_NHWC))
    except BaseException:
        engine.close()
        raise


def _open(bundle: Bundle, candidate: _Candidate) -> Engine:
    if candidate.provider != _ENGINE_FILE:
        return OrtEngine(bundle, candidate.variant, provider=candidate.provider, threads=candidate.threads)
    accepted = accepted_engine(bundle, candidate.variant, this_machine())
    return TensorRTEngine(bundle, candidate.variant, accepted.file)


def _demand_agreement(golden: GoldenResult) -> None:
    if not golden.ok:
        raise EngineError(f"it {golden.sentence()}")


def _median_ms(engine: Engine, frame_NHWC: NDArray[np.uint8]) -> float:
    """Of up to _MOST_RUNS runs; the golden frames have warmed the engine up."""
    times_ms: list[float] = []
    begin = time.perf_counter()
    while len(times_ms) < _MOST_RUNS:
        if len(times_ms) >= _FEWEST_RUNS and time.perf_counter() - begin > _TIMING_S:
            break
        started = time.perf_counter()
        engine.run(frame_NHWC)
        times_ms.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times_ms)


def _better(best: _Trial | None, trial: _Trial) -> tuple[_Trial, _Trial | None]:
    """The one to keep and the one to close."""
    if best is None:
        return trial, None
    return (trial, best) if trial.ms < _CLEARLY_FASTER * best.ms else (best, trial)


def _why(best: _Trial, notes: list[str]) -> str:
    sentence = f"{best.candidate} takes {best.ms:.2f} ms a frame and agrees with the golden frames"
    return f"{sentence}; {'; '.join(notes)}" if notes else f"{sentence}; there is no other candidate"
