"""Learn: a new student is taught, then made narrower in rounds, each followed by recovery under distillation."""

from __future__ import annotations

import copy
from pathlib import Path

from compress.distil import Schedule, distil
from compress.progress import Reporter
from compress.prune import prune
from compress.stages.looking import Look
from compress.student import Student, StudentConfig, save_student

_RECOVERY_RATE = 2.5e-3  # half of what a new student learns at


def distil_new(folder: Path, config: StudentConfig, look: Look, steps: int, seed: int, reporter: Reporter) -> None:
    """A new student, taught."""
    student = Student(config)
    distil(student, look.lesson, Schedule(steps), seed, "student learns", reporter)
    save_student(student, folder)


def narrow(
    folder: Path, student: Student, target: StudentConfig, look: Look, steps: int, seed: int, reporter: Reporter
) -> None:
    """The student pruned to the channels of `target`, and taught again."""
    smaller = copy.deepcopy(prune(student, look.lesson, target, seed))
    distil(
        smaller, look.lesson, Schedule(steps, learning_rate=_RECOVERY_RATE), seed + 1, "pruned student recovers",
        reporter,
    )  # fmt: skip
    save_student(smaller, folder)
