"""Open the engine that runs a bundle best on this machine, and say in one sentence why it is that one.

Every candidate (provider, variant, thread count) is opened, warmed up and held against the golden frames: one that
computes something else is out, however fast. The others are timed on one golden frame, one after the other.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle, Manifest
from edge.engines.engine import Engine
from edge.engines.ort import OrtEngine, available_providers, default_threads
from edge.errors import EngineError
from edge.golden import GoldenResult, check_golden, golden_frames

AUTO = "auto"

# A later candidate must be this much faster than an earlier one; less is noise, and the choice would change from
# start to start. Candidates come in the order of preference: the workshop's default variant, few threads.
_CLEARLY_FASTER = 0.85

_MOST_RUNS = 20
_FEWEST_RUNS = 3
_TIMING_S = 0.25


@dataclass(frozen=True, slots=True)
class OpenedEngine:
    """A warm engine that agrees with the golden frames; `why` is for the log, the feed and the doctor."""

    engine: Engine
    variant: str
    why: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    provider: str
    variant: str
    threads: int

    def __str__(self) -> str:
        place = self.provider.removesuffix("ExecutionProvider")
        return f"{self.variant} on {place} with {self.threads} thread{'s' if self.threads > 1 else ''}"


@dataclass(frozen=True, slots=True)
class _Trial:
    """A candidate that runs and agrees: the open engine and its median time per frame."""

    candidate: _Candidate
    engine: Engine
    ms: float


def open_engine(bundle: Bundle, variant: str = AUTO, threads: int = 0) -> OpenedEngine:
    """Open one variant, or with `auto` the fastest that agrees with the golden frames.

    threads: 0 tries one and `default_threads()`. Raises BundleError for a variant that does not exist,
    EngineError with every candidate's reason where none can run.
    """
    if variant != AUTO:
        bundle.manifest.variant(variant)
    frame_NHWC = golden_frames(bundle)[:1]
    best: _Trial | None = None
    notes: list[str] = []
    for candidate in _candidates(bundle.manifest, variant, threads):
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
        raise EngineError(f"no engine on this machine can run {bundle.path}: {'; '.join(notes)}")
    return OpenedEngine(best.engine, best.candidate.variant, _why(best, notes))


def _candidates(manifest: Manifest, variant: str, threads: int) -> Iterator[_Candidate]:
    names = [variant] if variant != AUTO else _default_first(manifest)
    for provider in available_providers():
        counts = [threads] if threads else sorted({1, default_threads()})
        for name in names:
            # threads only matter where the CPU does the work
            for count in counts if provider == "CPUExecutionProvider" else counts[:1]:
                yield _Candidate(provider, name, count)


def _default_first(manifest: Manifest) -> list[str]:
    names = [v.name for v in manifest.variants]
    return sorted(names, key=lambda name: name != manifest.default_variant)


def _try(bundle: Bundle, candidate: _Candidate, frame_NHWC: NDArray[np.uint8]) -> _Trial:
    engine = OrtEngine(bundle, candidate.variant, provider=candidate.provider, threads=candidate.threads)
    try:
        _demand_agreement(check_golden(bundle, engine, candidate.variant))
        return _Trial(candidate, engine, _median_ms(engine, frame_NHWC))
    except BaseException:
        engine.close()
        raise


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
