"""What the teacher itself makes of good parts, where they alone teach: what the student is measured against."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compress.data.dataset import Dataset, Sample
from compress.good_parts.normality import Normality, load_normality, save_normality
from compress.judge.answers import Answers
from compress.progress import Reporter
from compress.teachers.teacher import Teacher
from compress.teachers.teacher_normality import fit_teacher_normality, teacher_anomaly

_FILE = "normality.safetensors"


def learn_good(folder: Path, teacher: Teacher, dataset: Dataset, seed: int, reporter: Reporter) -> None:
    """The teacher's own model of good parts, from train; the good parts of val set its scale."""
    found = fit_teacher_normality(teacher, dataset, seed, folder, reporter)
    save_normality(found, folder / _FILE)


def read_good(folder: Path) -> Normality:
    return load_normality(folder / _FILE)


def with_normality(
    prob_NK: NDArray[np.float32],
    teacher: Teacher,
    normality: Normality | None,
    samples: tuple[Sample, ...],
    folder: Path,
    reporter: Reporter,
) -> Answers:
    """The teacher's answers to the samples: its probabilities, and where it has learned that, how unlike good."""
    if normality is None:
        return Answers(prob_NK)
    return replace(teacher_anomaly(teacher, normality, samples, folder, reporter), prob_NK=prob_NK)
