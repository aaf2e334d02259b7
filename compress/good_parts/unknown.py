"""Defects a run does not learn: in the test they stand for what the line will meet and nobody has seen.

A class without a training picture is called an unknown defect, after which the device names parts that are neither
good nor like any defect it knows (`edge.verdict`).
"""

from __future__ import annotations

from dataclasses import replace

from compress.data.dataset import ClassLabel, Dataset, Sample
from compress.errors import DataError
from edge.verdict import UNKNOWN_DEFECT


def with_unknown(dataset: Dataset, wanted: bool = False) -> Dataset:
    """The data set with an unknown defect as its last class: all classes of defects that train lacks, in test.

    As it is where every defect can be learned and nobody wanted unknown ones told (`wanted`), or nothing says what
    good is. Raises DataError where a class has that name already.
    """
    taught = {s.class_name for s in dataset.of("train")}
    if UNKNOWN_DEFECT.name in taught:
        raise DataError(f"a class is called {UNKNOWN_DEFECT.name!r}, which verdicts use; give it another name")
    untaught = sorted(c.name for c in dataset.classes if c.kind == "defect" and c.name not in taught)
    learns_good = any(s.kind == "good" for s in dataset.of("train"))
    if not learns_good or not (untaught or wanted or dataset.only_good):
        return dataset
    known = tuple(c for c in dataset.classes if c.name not in untaught)
    said = f"not learned, so unknown defects in the test: {', '.join(untaught)}"
    return replace(
        dataset,
        samples=tuple(_renamed(s) if s.class_name in untaught else s for s in dataset.samples),
        classes=(*known, ClassLabel(UNKNOWN_DEFECT.name, "defect")),
        notes=(*dataset.notes, said) if untaught else dataset.notes,
    )


def tells_unknown(dataset: Dataset) -> bool:
    """Whether the run's bundle says how unlike good parts a part is."""
    return any(c.name == UNKNOWN_DEFECT.name for c in dataset.classes)


def known_classes(dataset: Dataset) -> tuple[ClassLabel, ...]:
    """The classes the model has probabilities for, in order."""
    return tuple(c for c in dataset.classes if c.name != UNKNOWN_DEFECT.name)


def knows_defects(dataset: Dataset) -> bool:
    """Whether there is a class of defects that the model has a probability for."""
    return any(c.kind == "defect" for c in known_classes(dataset))


def _renamed(sample: Sample) -> Sample:
    return replace(sample, class_name=UNKNOWN_DEFECT.name, split="test")
