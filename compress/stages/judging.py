"""Judge on validation: every model of the chain becomes a point, and one of them is chosen to ship."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from compress.data.dataset import Dataset
from compress.data.pictures import Pictures, read_pictures
from compress.good_parts.conformal import DEFAULT_OVERKILL, promise
from compress.good_parts.made_up import validation
from compress.good_parts.normality import Normality
from compress.good_parts.unknown import knows_defects
from compress.judge.answers import Answers, answer_graph
from compress.judge.budget import choose, held_against, make_point
from compress.judge.measure import graph_run, latencies_ms, teacher_run
from compress.judge.point import Budget, Point
from compress.pack import Graph
from compress.progress import Reporter
from compress.stages.good import with_normality
from compress.stages.graphs import Graphs
from compress.stages.looking import Look
from compress.stages.quantising import Int8
from compress.students.student_model import AnyStudent
from compress.teachers.teacher import Teacher


@dataclass(frozen=True, slots=True)
class Chain:
    """Every model of the run. for_gpu: variants that are packed along, not judged by this machine's clock.

    teacher_normality: where only good parts teach, the teacher's own model of them.
    """

    teacher: Teacher
    look: Look
    student: AnyStudent
    pruned: AnyStudent
    graphs: Graphs
    int8: Int8
    for_gpu: tuple[Graph, ...] = ()
    teacher_normality: Normality | None = None

    @property
    def files(self) -> dict[str, Path]:
        """The graph of each model that has one."""
        return {"student": self.graphs.student, "pruned": self.graphs.pruned, "int8": self.int8.file}


@dataclass(frozen=True, slots=True)
class Judged:
    """The points, the teacher's first, and which of them ships, with the reason."""

    points: tuple[Point, ...]
    shipped: str
    why: str

    def point(self, name: str) -> Point:
        return next(p for p in self.points if p.name == name)


def judge(folder: Path, chain: Chain, dataset: Dataset, budget: Budget, reporter: Reporter) -> None:
    """Measure every model on this machine and on validation, and choose."""
    val = validation(dataset, chain.pruned.config.input)
    as_taken = val if knows_defects(dataset) else read_pictures(dataset, "val", chain.pruned.config.input)
    reporter.say("measuring: every model in turn, one frame at a time, one thread")
    one = val.image_NHWC[:1]
    runs = {name: graph_run(file, one) for name, file in chain.files.items()}
    ms = latencies_ms({"teacher": teacher_run(chain.teacher), **runs})
    prob_NK = chain.look.probe.prob(chain.look.features.val_pooled_ND)
    in_teacher = with_normality(prob_NK, chain.teacher, chain.teacher_normality, as_taken.samples, folder, reporter)
    answers = {"teacher": in_teacher}
    answers |= {name: answer_graph(file, val.image_NHWC) for name, file in chain.files.items()}
    points = {
        name: make_point(
            name, "int8" if name == "int8" else "float32", ms[name], dataset, as_taken if name == "teacher" else val,
            found, budget,
        )
        for name, found in answers.items()
    }  # fmt: skip
    _say_promise(answers["pruned"], val, budget, reporter)
    held = held_against([points[name] for name in ("student", "pruned", "int8")], budget)
    shipped, why = choose(held[1], held[2])
    judged = Judged((points["teacher"], *held), shipped.name, why)
    (folder / "points.json").write_bytes(msgspec.json.encode(judged))


def _say_promise(answers: Answers, val: Pictures, budget: Budget, reporter: Reporter) -> None:
    if answers.anomaly_N is not None:
        wanted = DEFAULT_OVERKILL if budget.max_overkill is None else budget.max_overkill
        said = promise(answers.anomaly_N[~val.defect_N], wanted).said(wanted)
        reporter.say(f"parts unlike good ones: {said}")


def read_judged(folder: Path) -> Judged:
    return msgspec.json.decode((folder / "points.json").read_bytes(), type=Judged)
