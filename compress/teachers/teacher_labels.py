"""A data set whose train and validation labels are the teacher's opinion; labels of test stay people's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compress.data.dataset import ClassLabel, Dataset, Problem, Sample
from compress.data.splits import SHARES, split_groups
from compress.errors import DataError
from compress.teachers.prompts import Prompts


def asked_paths(dataset: Dataset) -> tuple[Path, ...]:
    """The pictures the teacher is asked about: all without a label, and those of train and val whatever their label."""
    return (*(u.path for u in dataset.unlabelled), *(s.path for s in dataset.samples if s.split != "test"))


def label_by_opinion(
    dataset: Dataset, prompts: Prompts, class_of: Mapping[Path, str], problems: Sequence[Problem], seed: int
) -> Dataset:
    """The data set as the teacher labels it. class_of: its class for each picture that could be read.

    A labelled test split is kept to be measured on; without one a share of the teacher's own labels takes its place.
    Raises DataError where the test split's classes are not those of the prompts.
    """
    tested = tuple(s for s in dataset.samples if s.split == "test")
    _require_known(tested, prompts)
    kept = [replace(s, kind=prompts.kind(s.class_name)) for s in tested]
    taught = [_relabelled(s, class_of[s.path], prompts) for s in dataset.samples if s.path in class_of]
    new = [_sample(dataset, u.path, class_of[u.path], prompts) for u in dataset.unlabelled if u.path in class_of]
    samples = (*kept, *taught, *_split(new, has_test=bool(tested), has_train=bool(taught), seed=seed))
    note = f"labels of {len(class_of):,} pictures are the teacher's opinion"
    return replace(
        dataset,
        samples=tuple(sorted(samples, key=lambda s: s.name)),
        classes=tuple(ClassLabel(name, prompts.kind(name)) for name in prompts.names),
        split_source=dataset.split_source or f"splits of the teacher's labels made here (seed {seed})",
        places="the teacher's opinion",
        problems=(*dataset.problems, *problems),
        notes=(*dataset.notes, note),
        unlabelled=(),
    )


def classes_of(paths: Sequence[Path], prob_NK: NDArray[np.float32], names: Sequence[str]) -> dict[Path, str]:
    """The likeliest class of each picture."""
    return {path: names[index] for path, index in zip(paths, prob_NK.argmax(1), strict=True)}


def _require_known(tested: Sequence[Sample], prompts: Prompts) -> None:
    unknown = sorted({s.class_name for s in tested} - set(prompts.names))
    if unknown:
        raise DataError(
            f"the labelled test pictures have classes without prompts: {', '.join(unknown)}; "
            f"add a [classes.NAME] table for each (there are {', '.join(prompts.names)})"
        )


def _relabelled(sample: Sample, class_name: str, prompts: Prompts) -> Sample:
    kind = prompts.kind(class_name)
    return replace(
        sample,
        class_name=class_name,
        kind=kind,
        boxes=(),
        polygons=(),
        runs=(),
        mask_path=None,
        localised=kind == "good",
    )


def _sample(dataset: Dataset, path: Path, class_name: str, prompts: Prompts) -> Sample:
    name, kind = dataset.below(path), prompts.kind(class_name)
    return Sample(name, path, class_name, kind, "train", name, (), (), None, localised=kind == "good")


def _split(samples: Sequence[Sample], has_test: bool, has_train: bool, seed: int) -> list[Sample]:
    """The pictures that had no label: into the splits that given labels leave open."""
    if not samples:
        return []
    shares = {split: share for split, share in SHARES.items() if split != "test" or not has_test}
    if has_train:
        return [replace(s, split="train") for s in samples]
    splits = split_groups([s.class_name for s in samples], [s.group for s in samples], seed, shares)
    return [replace(s, split=split) for s, split in zip(samples, splits, strict=True)]
