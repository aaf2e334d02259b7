"""Learn: a new student is taught, then made narrower in rounds, each followed by recovery under distillation."""

from __future__ import annotations

import copy
from pathlib import Path

from compress.progress import Reporter
from compress.stages.looking import Look
from compress.students.distil import Schedule, distil
from compress.students.kinds import Kind, S


def distil_new(folder: Path, kind: Kind[S], look: Look, steps: int, seed: int, reporter: Reporter) -> None:
    """A new student, taught."""
    lesson = look.lesson
    student = kind.new(lesson, reporter)
    distil(student, lesson, Schedule(steps, learning_rate=kind.rate), seed, "student learns", reporter)
    kind.save(student, folder)


def narrow(
    folder: Path,
    kind: Kind[S],
    student: S,
    target: S,
    look: Look,
    steps: int,
    seed: int,
    reporter: Reporter,
) -> None:
    """The student pruned to the shape of `target`, and taught again."""
    lesson = look.lesson
    smaller = copy.deepcopy(kind.pruned(student, target, lesson, seed))
    schedule = Schedule(steps, learning_rate=kind.recovery_rate)
    distil(smaller, lesson, schedule, seed + 1, "pruned student recovers", reporter)
    kind.save(smaller, folder)
