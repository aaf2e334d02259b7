"""From a teacher's look to a narrow student: the part of the run that one size of student goes through."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from compress.aim import Aim, aim_at_latency, aim_at_share
from compress.calibrate import calibration_pictures
from compress.dataset import Dataset
from compress.progress import Reporter
from compress.stages import learning
from compress.stages.looking import Look
from compress.student import Student, StudentConfig, StudentSize, load_student, student_config
from compress.teacher import Teacher
from compress.unknown import known_classes
from compress.workspace import Made, Workspace
from edge.bundle import InputSpec

_AIMING_PICTURES = 8


@dataclass(frozen=True, slots=True)
class Course:
    """What every student of a run has in common. steps, recover_steps: of training, before and after each pruning."""

    work: Workspace
    dataset: Dataset
    teacher: Teacher
    look: Made[Look]
    spec: InputSpec
    steps: int
    recover_steps: int
    seed: int
    reporter: Reporter

    def config(self, size: StudentSize) -> StudentConfig:
        return student_config(self.spec, self.teacher.dim, len(known_classes(self.dataset)), size)


def teach(course: Course, size: StudentSize) -> Made[Student]:
    """A student of that size, taught."""
    return course.work.stage(
        f"2-distil-{size}",
        (course.look.key, course.config(size), course.steps, course.seed),
        lambda folder: learning.distil_new(
            folder, course.config(size), course.look.value, course.steps, course.seed, course.reporter
        ),
        load_student,
    )


def aim(course: Course, size: StudentSize, share: float, latency_ms: float | None) -> Aim:
    """The shapes to prune to: by measured latency where a limit is given, else by a share of the channels."""
    if latency_ms is None:
        return aim_at_share(course.config(size), share)
    made = course.work.stage(
        f"3-aim-{size}",
        (course.config(size), latency_ms),
        lambda folder: _aim_into(folder, course, size, latency_ms),
        lambda folder: msgspec.json.decode((folder / "aim.json").read_bytes(), type=Aim),
    )
    found = made.value
    tried = ", ".join(f"{share:.0%}: {ms:.2f} ms" for share, ms in found.measured)
    course.reporter.say(f"aiming at {latency_ms:g} ms: {found.ratio:.0%} of the channels have to go ({tried})")
    return found


def narrow(course: Course, size: StudentSize, student: Made[Student], aimed: Aim) -> Made[Student]:
    """The student after every round of pruning and recovery; the student itself where there is no round."""
    for number, target in enumerate(aimed.rounds, 1):
        student = _narrowed(course, f"4-prune-{size}-{number}", student, target)
    return student


def _narrowed(course: Course, name: str, student: Made[Student], target: StudentConfig) -> Made[Student]:
    return course.work.stage(
        name,
        (student.key, target, course.recover_steps),
        lambda folder: learning.narrow(
            folder, student.value, target, course.look.value, course.recover_steps, course.seed, course.reporter
        ),
        load_student,
    )


def _aim_into(folder: Path, course: Course, size: StudentSize, latency_ms: float) -> None:
    pictures = calibration_pictures(course.dataset, course.spec, _AIMING_PICTURES, course.seed)
    course.reporter.say("aiming: how narrow a student has to be, measured on exported graphs")
    found = aim_at_latency(course.config(size), latency_ms, pictures)
    (folder / "aim.json").write_bytes(msgspec.json.encode(found))
