"""From a teacher's look to a narrow student: the part of the run that one kind of student goes through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from compress.data.dataset import Dataset
from compress.int8.calibrate import calibration_pictures
from compress.progress import Reporter
from compress.stages import learning
from compress.stages.looking import Look
from compress.students.aim import Aim, aim_at_latency, aim_at_share
from compress.students.kinds import Kind, S
from compress.teachers.teacher import Teacher
from compress.workspace import Made, Workspace
from edge.bundle.manifest import InputSpec

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


def teach(course: Course, kind: Kind[S]) -> Made[S]:
    """A student of that kind, taught."""
    steps = kind.steps(course.steps)
    return course.work.stage(
        f"2-distil-{kind.name}",
        (course.look.key, kind.depends, steps, course.seed),
        lambda folder: learning.distil_new(folder, kind, course.look.value, steps, course.seed, course.reporter),
        kind.load,
    )


def aim(course: Course, kind: Kind[S], student: Made[S], share: float, latency_ms: float | None) -> Aim:
    """The shares to prune to: by measured latency where a limit is given, else as asked."""
    if not kind.is_prunable:
        return aim_at_share(0.0)
    if latency_ms is None:
        return aim_at_share(share)
    made = course.work.stage(
        f"3-aim-{kind.name}",
        (student.key, latency_ms),
        lambda folder: _aim_into(folder, course, lambda part: kind.thinned(student.value, part), latency_ms),
        lambda folder: msgspec.json.decode((folder / "aim.json").read_bytes(), type=Aim),
    )
    found = made.value
    tried = ", ".join(f"{share:.0%}: {ms:.2f} ms" for share, ms in found.measured)
    course.reporter.say(f"aiming at {latency_ms:g} ms: {found.ratio:.0%} of the channels have to go ({tried})")
    return found


def narrow(course: Course, kind: Kind[S], student: Made[S], aimed: Aim) -> Made[S]:
    """The student after every round of pruning and recovery; the student itself where nothing has to go."""
    whole = student
    for number, share in enumerate(aimed.rounds, 1):
        target = kind.thinned(whole.value, share)
        if target.config != student.value.config:
            student = _narrowed(course, kind, f"4-prune-{kind.name}-{number}", student, target)
    return student


def _narrowed(course: Course, kind: Kind[S], name: str, student: Made[S], target: S) -> Made[S]:
    return course.work.stage(
        name,
        (student.key, target.config, course.recover_steps),
        lambda folder: learning.narrow(
            folder, kind, student.value, target, course.look.value, course.recover_steps, course.seed, course.reporter
        ),
        kind.load,
    )


def _aim_into(folder: Path, course: Course, thinned: Callable[[float], S], latency_ms: float) -> None:
    pictures = calibration_pictures(course.dataset, course.spec, _AIMING_PICTURES, course.seed)
    course.reporter.say("aiming: how narrow a student has to be, measured on exported graphs")
    found = aim_at_latency(thinned, latency_ms, pictures)
    (folder / "aim.json").write_bytes(msgspec.json.encode(found))
