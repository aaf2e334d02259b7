"""Every picture through every engine, as the device would see it, a few in memory at a time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from compress.data.dataset import Problem, Sample
from compress.data.images import read_image
from compress.errors import DataError
from compress.progress import Reporter
from edge.bundle.load import Bundle
from edge.bundle.manifest import InputSpec, Manifest
from edge.engines.choose import OpenedEngine
from edge.engines.engine import Outputs
from edge.errors import EngineError
from edge.inspection.added import Addition, additions_of, with_added
from edge.inspection.preprocess import model_input
from edge.verdict import Decided, decide

_AHEAD = 32


@dataclass(frozen=True, slots=True)
class EngineAnswers:
    """What one engine said of N pictures.

    ms: the median of one picture through the engine. score_N: what ranks pictures from good to defective; NG from
    1 on. map_NHW: where it looks defective, float32 0..1.
    """

    opened: OpenedEngine
    ms: float
    decided: tuple[Decided, ...]
    score_N: NDArray[np.float64]
    map_NHW: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Looked:
    """The samples that could be read, in order, with each engine's answers; and those that could not."""

    samples: tuple[Sample, ...]
    problems: tuple[Problem, ...]
    answers: tuple[EngineAnswers, ...]


@dataclass(slots=True)
class _Notes:
    """What grows while one engine works."""

    ms: list[float] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    maps: list[NDArray[np.float32]] = field(default_factory=list)


def look(bundle: Bundle, samples: Sequence[Sample], engines: Sequence[OpenedEngine], reporter: Reporter) -> Looked:
    """Run all engines on each picture in turn, so that whatever else the machine does hits all alike.

    Raises EngineError where an engine fails or answers no numbers, DataError where no picture can be read.
    """
    manifest, additions = bundle.manifest, additions_of(bundle)
    notes = [_Notes() for _ in engines]
    readable: list[Sample] = []
    problems: list[Problem] = []
    with reporter.bar("looking at pictures", len(samples)) as advance:
        for sample, image in _read_ahead(samples, manifest.input):
            advance()
            if isinstance(image, Problem):
                problems.append(image)
                continue
            readable.append(sample)
            for opened, note in zip(engines, notes, strict=True):
                _ask(opened, image[None], manifest, additions, note, sample)
    if not readable:
        raise DataError(f"none of the {len(samples):,} pictures can be read; the first: {problems[0].sentence}")
    answers = tuple(_answers(opened, note) for opened, note in zip(engines, notes, strict=True))
    return Looked(tuple(readable), tuple(problems), answers)


def _read_ahead(samples: Sequence[Sample], spec: InputSpec) -> Iterator[tuple[Sample, NDArray[np.uint8] | Problem]]:
    def read(sample: Sample) -> NDArray[np.uint8] | Problem:
        try:
            return model_input(read_image(sample.path), spec)
        except DataError as error:
            return Problem(sample.path, str(error).removeprefix(f"{sample.path} "))

    with ThreadPoolExecutor(max_workers=2) as pool:
        for start in range(0, len(samples), _AHEAD):
            some = samples[start : start + _AHEAD]
            yield from zip(some, pool.map(read, some), strict=True)


def _ask(
    opened: OpenedEngine,
    image_NHWC: NDArray[np.uint8],
    manifest: Manifest,
    additions: tuple[Addition, ...],
    note: _Notes,
    sample: Sample,
) -> None:
    begin = time.perf_counter()
    outputs = opened.engine.run(image_NHWC)
    note.ms.append((time.perf_counter() - begin) * 1e3)
    anomaly = None if outputs.anomaly_N is None else outputs.anomaly_N.item(0)
    decided = decide(outputs.prob_NK[0], manifest.classes, manifest.decision, anomaly)
    if decided.reason == "bad_output":
        raise EngineError(f"{opened.engine.description} gave no numbers for {sample.path}; use another engine")
    note.decided.append(with_added(decided, outputs.embedding_ND[0], additions))
    note.scores.append(_score(outputs, manifest))
    note.maps.append(_map(outputs, manifest))


def _score(outputs: Outputs, manifest: Manifest) -> float:
    """The defect and the anomaly score, each as a share of its threshold; the larger one."""
    rule = manifest.decision
    defect = sum(p for p, c in zip(outputs.prob_NK[0].tolist(), manifest.classes, strict=True) if c.kind == "defect")
    shares = [min(1.0, defect) / _positive(rule.defect_threshold)]
    if rule.anomaly is not None and outputs.anomaly_N is not None:
        shares.append(outputs.anomaly_N.item(0) / _positive(rule.anomaly.threshold))
    return float(max(shares))


def _positive(threshold: float | None) -> float:
    return max(1e-12, 1.0 if threshold is None else threshold)


def _map(outputs: Outputs, manifest: Manifest) -> NDArray[np.float32]:
    """The anomaly map where the bundle knows no defect class: the defect map has learnt nothing then."""
    if outputs.anomaly_map_NHW is not None and all(c.kind == "good" for c in manifest.classes):
        return np.asarray(outputs.anomaly_map_NHW[0])
    return np.asarray(outputs.map_NHW[0])


def _answers(opened: OpenedEngine, note: _Notes) -> EngineAnswers:
    return EngineAnswers(
        opened, statistics.median(note.ms), tuple(note.decided), np.array(note.scores), np.stack(note.maps)
    )
