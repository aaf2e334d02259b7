"""Explore: every kind of student at hand, pruned ever narrower, in float and in int8; unbeaten is the Pareto front.

Judged on validation only. Every point is a stage of its own, so a stopped exploration goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from compress.chain import Course, narrow, teach
from compress.data.pictures import read_pictures
from compress.int8.calibrate import calibration_pictures
from compress.int8.quantise import quantise
from compress.judge.answers import answer_graph
from compress.judge.budget import cost, held_against, make_point, pareto_front
from compress.judge.measure import graph_run, latencies_ms
from compress.judge.point import Budget, Point
from compress.judge.thresholds import fit_temperature
from compress.students.aim import aim_at_share
from compress.students.export import export
from compress.students.kinds import Kind
from compress.students.student_model import AnyStudent
from compress.students.torch_answers import answer_torch

SHARES = (0.0, 0.25, 0.5, 0.75)
_CALIBRATION_PICTURES = 64


@dataclass(frozen=True, slots=True)
class Explored:
    """All points that were tried, and the kind and the pruned share of the one to go on with."""

    points: tuple[Point, ...]
    kind: str
    share: float


def explore(course: Course, kinds: tuple[Kind[Any], ...], budget: Budget) -> Explored:
    """Try every kind at every share. The point to go on with keeps the budget and costs the factory least.

    Equal costs go to the faster one; where none keeps the budget, to the one with the fewest shortfalls.
    """
    tried: list[tuple[Point, str, float]] = []
    for kind in kinds:
        student = teach(course, kind)
        for share in SHARES:
            pruned = narrow(course, kind, student, aim_at_share(share))
            made = course.work.stage(
                f"x-{kind.name}-{share:.2f}",
                (pruned.key, budget),
                lambda folder, model=pruned.value, name=f"{kind.name} −{share:.0%}": _try(  # type: ignore[misc]
                    folder, name, model, course, budget
                ),
                _read_points,
            )
            tried += [(point, kind.name, share) for point in made.value]
            for point in made.value:
                course.reporter.say(f"{point.name}: {point.said}")
    points = _against_the_best(tuple(point for point, _, _ in tried), budget)
    front = "; ".join(f"{point.name} ({point.said})" for point in pareto_front(points))
    course.reporter.say(f"what nothing beats in both time and quality, fastest first: {front}")
    best = min(range(len(points)), key=lambda i: (len(points[i].shortfalls), cost(points[i]), points[i].ms))
    return Explored(points, tried[best][1], tried[best][2])


def _against_the_best(points: tuple[Point, ...], budget: Budget) -> tuple[Point, ...]:
    """`max_drop` counts from the best of all students here."""
    best = max(points, key=lambda p: p.quality)
    return held_against((best, *points), budget)[1:]


def _try(folder: Path, name: str, student: AnyStudent, course: Course, budget: Budget) -> None:
    """Export, quantise, measure and judge one student."""
    val = read_pictures(course.dataset, "val", course.spec)
    calibration = calibration_pictures(course.dataset, course.spec, _CALIBRATION_PICTURES, course.seed)
    floating, int8 = folder / "float32.onnx", folder / "int8.onnx"
    prob_NK = answer_torch(student, 1.0, val.image_NHWC).prob_NK
    export(student, fit_temperature(np.log(prob_NK + 1e-12), val.label_N), floating)
    quantise(floating, int8, calibration, val.image_NHWC, choose=student.int8_layers)
    files = {"float32": floating, "int8": int8}
    ms = latencies_ms({precision: graph_run(file, val.image_NHWC[:1]) for precision, file in files.items()})
    points = [
        make_point(
            f"{name} {precision}", precision, ms[precision], course.dataset, val,
            answer_graph(file, val.image_NHWC), budget,
        )
        for precision, file in files.items()
    ]  # fmt: skip
    (folder / "points.json").write_bytes(msgspec.json.encode(points))
    for file in files.values():
        file.unlink()


def _read_points(folder: Path) -> tuple[Point, ...]:
    return msgspec.json.decode((folder / "points.json").read_bytes(), type=tuple[Point, ...])
