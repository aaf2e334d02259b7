"""Verify: the shipped graph on any data, every engine side by side, held against the bundle's own report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from compress.data.dataset import Dataset, Problem, Sample
from compress.errors import DataError, WorseError
from compress.judge.evaluate import localise
from compress.judge.metrics import Classification, Inspection, classification, grouped_rate, inspection
from compress.progress import Reporter
from compress.report.record import Localisation, Mistake, RunReport
from compress.verify.classes import match_classes
from compress.verify.look import EngineAnswers, Looked, look
from compress.verify.recorded import Recorded, recorded, report_of, what_is_worse
from edge.bundle.load import Bundle
from edge.bundle.manifest import ClassKind, Manifest
from edge.engines.choose import OpenedEngine
from edge.inspection.boxes import Marking, marking_of
from edge.verdict import UNKNOWN_DEFECT

Part = Literal["test", "all"]

_MOST_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class EngineRow:
    """One engine's figures. classification: None where the bundle knows no class of the pictures; inspection: None
    where it has no good class. before: the report's figures of its variant. worse: clauses, empty where nothing is.
    """

    name: str
    variant: str
    why: str
    ms: float
    images: int
    undecided: int
    classification: Classification | None
    inspection: Inspection | None
    localisation: Localisation
    mistakes: tuple[Mistake, ...]
    before: Recorded | None
    worse: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flips:
    """Two engines that decide some pictures differently; `paths` relative to the data folder."""

    one: str
    other: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """All that was found. sentences: what was read and decided, for people. kinds: class name to good or defect."""

    bundle_name: str
    bundle_id: str
    sentences: tuple[str, ...]
    kinds: Mapping[str, ClassKind]
    rows: tuple[EngineRow, ...]
    flips: tuple[Flips, ...]

    @property
    def worse(self) -> tuple[str, ...]:
        """Every engine's clauses, with its name."""
        return tuple(f"{row.name}: {clause}" for row in self.rows for clause in row.worse)

    @property
    def compared(self) -> bool:
        return any(row.before is not None for row in self.rows)


def verify(
    bundle: Bundle, dataset: Dataset, part: Part, engines: Sequence[OpenedEngine], reporter: Reporter
) -> Verification:
    """Evaluate one part of the data. Raises DataError where it has no picture, EngineError where an engine fails."""
    chosen = dataset.samples if part == "all" else dataset.of("test")
    if not chosen:
        raise DataError(f"{dataset.root} has no picture in its test split; use --split all")
    matched = match_classes(bundle.manifest, chosen)
    looked = look(bundle, matched.samples, engines, reporter)
    report = report_of(bundle)
    rows = tuple(_row(bundle.manifest, dataset, looked, answers, report) for answers in looked.answers)
    return Verification(
        bundle_name=bundle.manifest.name,
        bundle_id=bundle.manifest.bundle_id,
        sentences=(
            dataset.summary(),
            _part(part, chosen, dataset, report),
            *matched.sentences,
            *_problems((*dataset.problems, *looked.problems), dataset),
            *([report] if isinstance(report, str) else []),
        ),
        kinds={s.class_name: s.kind for s in looked.samples} | {c.name: c.kind for c in bundle.manifest.all_classes},
        rows=rows,
        flips=tuple(_flips(dataset, looked, one, other) for one, other in combinations(looked.answers, 2)),
    )


def named_part(name: str) -> Part:
    """Raises DataError with those that exist."""
    for part in get_args(Part):
        if part == name:
            return cast(Part, part)
    raise DataError(f"--split {name} is not known; choose one of: {', '.join(get_args(Part))}")


def raise_if_worse(found: Verification) -> None:
    """Raises WorseError, which ends the command with its own exit code."""
    if found.worse:
        raise WorseError(
            f"this is worse than {found.bundle_name} was in the workshop; look at light, focus and new kinds of parts, "
            "then compress again with such pictures"
        )


def _part(part: Part, chosen: Sequence[Sample], dataset: Dataset, report: RunReport | str) -> str:
    if part == "test":
        return f"the test split: {len(chosen):,} of {len(dataset.samples):,} pictures; --split all takes every one"
    counts: dict[str, dict[str, int]] = {}
    for sample in dataset.samples:
        counts.setdefault(sample.class_name, {"train": 0, "val": 0, "test": 0})[sample.split] += 1
    if isinstance(report, RunReport) and report.trained.counts == counts:
        return f"all {len(chosen):,} pictures; they seem to be those it was trained on, so scores come out too high"
    return f"all {len(chosen):,} pictures"


def _problems(problems: Sequence[Problem], dataset: Dataset) -> list[str]:
    shown = [f"{p.path} {p.sentence}" for p in problems[:_MOST_PROBLEMS]]
    more = len(problems) - len(shown)
    return [*shown, *([f"and {more:,} more; `edgevl data check {dataset.root}` lists them all"] if more else [])]


def _row(
    manifest: Manifest, dataset: Dataset, looked: Looked, answers: EngineAnswers, report: RunReport | str
) -> EngineRow:
    found = _classify(manifest, looked.samples, answers)
    judged = _inspect(manifest, looked.samples, answers)
    before = None if isinstance(report, str) else recorded(report, answers.opened.variant)
    return EngineRow(
        name=answers.opened.engine.description,
        variant=answers.opened.variant,
        why=answers.opened.why,
        ms=answers.ms,
        images=len(looked.samples),
        undecided=sum(d.status == "UNDECIDED" for d in answers.decided),
        classification=found,
        inspection=judged,
        localisation=localise(looked.samples, answers.map_NHW, _marking(manifest)),
        mistakes=_mistakes(manifest, dataset, looked.samples, answers),
        before=before,
        worse=() if before is None else what_is_worse(found, judged, before),
    )


def _marking(manifest: Manifest) -> Marking:
    return marking_of(manifest.decision, unlike_good=all(c.kind == "good" for c in manifest.classes))


def _names(manifest: Manifest) -> list[str]:
    """The classes the device may name."""
    return [c.name for c in manifest.all_classes] + ([UNKNOWN_DEFECT.name] if manifest.decision.anomaly else [])


def _classify(manifest: Manifest, samples: Sequence[Sample], answers: EngineAnswers) -> Classification | None:
    names = _names(manifest)
    pairs = [(s, d.class_name) for s, d in zip(samples, answers.decided, strict=True) if s.class_name in names]
    if not pairs:
        return None
    decided_NK = np.eye(len(names))[[names.index(str(name)) for _, name in pairs]]
    label_N: NDArray[np.int64] = np.array([names.index(s.class_name) for s, _ in pairs], np.int64)
    return classification(decided_NK, label_N, names, [s.group for s, _ in pairs])


def _inspect(manifest: Manifest, samples: Sequence[Sample], answers: EngineAnswers) -> Inspection | None:
    """Escapes and overkill by the device's own verdicts; the ranking by its scores."""
    if not manifest.has_good_class:
        return None
    defect_N = np.array([s.kind == "defect" for s in samples])
    rejected_N = np.array([d.status != "OK" for d in answers.decided])
    group_N = np.array([s.group for s in samples])
    return replace(
        inspection(answers.score_N, defect_N, 1.0, [s.group for s in samples]),
        escape=grouped_rate(~rejected_N[defect_N], group_N[defect_N]),
        overkill=grouped_rate(rejected_N[~defect_N], group_N[~defect_N]),
    )


def _mistakes(
    manifest: Manifest, dataset: Dataset, samples: Sequence[Sample], answers: EngineAnswers
) -> tuple[Mistake, ...]:
    """Wrong decisions, the surest first. A part of a class the bundle does not know is wrong only if it passed."""
    names = set(_names(manifest))
    found = [
        Mistake(dataset.below(sample.path), sample.class_name, str(decided.class_name), decided.probability)
        for sample, decided in zip(samples, answers.decided, strict=True)
        if (decided.class_name != sample.class_name)
        and (sample.class_name in names or (decided.status == "OK") == (sample.kind == "defect"))
    ]
    return tuple(sorted(found, key=lambda m: -m.probability))


def _flips(dataset: Dataset, looked: Looked, one: EngineAnswers, other: EngineAnswers) -> Flips:
    differ = [
        dataset.below(sample.path)
        for sample, a, b in zip(looked.samples, one.decided, other.decided, strict=True)
        if (a.status, a.class_name) != (b.status, b.class_name)
    ]
    return Flips(one.opened.engine.description, other.opened.engine.description, tuple(differ))
