"""Kinds of student: what a run has to know to make one, narrow it, keep it and find it again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import torch

from compress.progress import Reporter
from compress.students.distil import Lesson
from compress.students.own_side.first_layers import FirstLayers, first_layers_of, load_first, save_first
from compress.students.own_side.layers import with_spare_layers
from compress.students.own_side.narrow import pruned, thinned
from compress.students.own_side.student import OwnStudent, copy_of, load_own, save_own, speak_as_taught
from compress.students.prune import prune, thinned_config
from compress.students.student import Student, StudentConfig, StudentSize, load_student, save_student, student_config
from compress.students.student_model import AnyStudent, scaled
from compress.teachers.features import Grids
from compress.teachers.teacher import Teacher
from edge.bundle.manifest import InputSpec

S = TypeVar("S", bound=AnyStudent)

_STEPS_OF_HEADS = 100  # linear heads on features that stay as they are
_LOOKED_AT = 32  # pictures on which the teacher's layers are left out in turn


class Kind(Protocol[S]):
    """One kind of student. rate: the peak learning rate of a new one; recovery_rate: after pruning."""

    @property
    def name(self) -> str: ...
    @property
    def rate(self) -> float: ...
    @property
    def recovery_rate(self) -> float: ...

    @property
    def grids(self) -> Grids: ...

    @property
    def is_prunable(self) -> bool:
        """Whether channels can be taken out of it."""

    def steps(self, asked: int) -> int:
        """How many of the training steps asked for it needs."""

    @property
    def depends(self) -> object:
        """What a new student depends on, besides what it is taught, as data."""

    def new(self, lesson: Lesson, reporter: Reporter) -> S:
        """A student yet to be taught."""

    def thinned(self, student: S, share: float) -> S:
        """One of the same make with about that share gone; its weights mean nothing."""

    def pruned(self, student: S, target: S, lesson: Lesson, seed: int) -> S:
        """The student in the target's shape; what matters least is gone."""

    def save(self, student: S, folder: Path) -> None: ...

    def load(self, folder: Path) -> S: ...


@dataclass(frozen=True, slots=True)
class Convolutional:
    """The small convolutional student, from scratch."""

    name: StudentSize
    config: StudentConfig
    rate: float = 5e-3
    recovery_rate: float = 2.5e-3
    is_prunable: bool = True

    @property
    def grids(self) -> Grids:
        return self.config.grids

    def steps(self, asked: int) -> int:
        return asked

    @property
    def depends(self) -> object:
        return self.config

    def new(self, lesson: Lesson, reporter: Reporter) -> Student:  # noqa: ARG002  # it knows nothing beforehand
        return Student(self.config)

    def thinned(self, student: Student, share: float) -> Student:
        return Student(thinned_config(student.config, share)).eval()

    def pruned(self, student: Student, target: Student, lesson: Lesson, seed: int) -> Student:
        return prune(student, lesson, target.config, seed)

    def save(self, student: Student, folder: Path) -> None:
        save_student(student, folder)

    def load(self, folder: Path) -> Student:
        return load_student(folder)


@dataclass(frozen=True, slots=True)
class TeacherItself:
    """The teacher's own image side. Its rates are those of fine-tuning: it has learned before."""

    teacher: Teacher
    num_classes: int
    grids: Grids
    name: str = "teacher"
    rate: float = 3e-4
    recovery_rate: float = 3e-4
    is_prunable: bool = True

    def steps(self, asked: int) -> int:
        return asked

    @property
    def depends(self) -> object:
        return ("teacher", self.num_classes)

    def new(self, lesson: Lesson, reporter: Reporter) -> OwnStudent:
        student = copy_of(self.teacher, self.num_classes)
        speak_as_taught(student, lesson)
        pictures = lesson.features.image_MHWC
        step = max(1, len(pictures) // _LOOKED_AT)
        with_spare_layers(student, scaled(torch.from_numpy(pictures[::step][:_LOOKED_AT].copy())), reporter)
        return student

    def thinned(self, student: OwnStudent, share: float) -> OwnStudent:
        return thinned(student, share)

    def pruned(self, student: OwnStudent, target: OwnStudent, lesson: Lesson, seed: int) -> OwnStudent:
        return pruned(student, target, lesson, seed)

    def save(self, student: OwnStudent, folder: Path) -> None:
        save_own(student, folder)

    def load(self, folder: Path) -> OwnStudent:
        return load_own(folder)


@dataclass(frozen=True, slots=True)
class TeachersFirstLayers:
    """The teacher's first layers as they are: only the small heads learn, and nothing is pruned."""

    teacher: Teacher
    num_classes: int
    grids: Grids
    name: str = "first-layers"
    rate: float = 5e-3
    recovery_rate: float = 5e-3
    is_prunable: bool = False

    def steps(self, asked: int) -> int:
        return min(asked, _STEPS_OF_HEADS)

    @property
    def depends(self) -> object:
        return ("first layers", self.num_classes)

    def new(self, lesson: Lesson, reporter: Reporter) -> FirstLayers:  # noqa: ARG002  # its layers are the teacher's
        return first_layers_of(self.teacher, self.grids.input, self.num_classes)

    def thinned(self, student: FirstLayers, share: float) -> FirstLayers:  # noqa: ARG002  # the features would change
        return student

    def pruned(self, student: FirstLayers, target: FirstLayers, lesson: Lesson, seed: int) -> FirstLayers:  # noqa: ARG002
        return student

    def save(self, student: FirstLayers, folder: Path) -> None:
        save_first(student, folder)

    def load(self, folder: Path) -> FirstLayers:
        return load_first(folder)


def convolutional(spec: InputSpec, teacher: Teacher, num_classes: int, size: StudentSize) -> Convolutional:
    return Convolutional(size, student_config(spec, teacher.dim, num_classes, size))


def teacher_itself(teacher: Teacher, num_classes: int) -> TeacherItself:
    return TeacherItself(teacher, num_classes, copy_of(teacher, num_classes).config.grids)


def first_layers(teacher: Teacher, spec: InputSpec, num_classes: int) -> TeachersFirstLayers:
    return TeachersFirstLayers(teacher, num_classes, first_layers_of(teacher, spec, num_classes).config.grids)
