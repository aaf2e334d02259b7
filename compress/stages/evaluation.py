"""Evaluate: the one reading of the test split, for every model of the chain, and the record of the run."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compress.data.dataset import Dataset
from compress.data.pictures import Pictures, read_pictures
from compress.good_parts.unknown import knows_defects
from compress.judge import evaluate
from compress.judge.answers import Answers, answer_graph
from compress.judge.evaluate import score
from compress.judge.point import Budget, Point
from compress.progress import Reporter
from compress.report.record import RunReport, Shipped, StageRow, Trained, read_report, write_report
from compress.stages.good import with_normality
from compress.stages.judging import Chain, Judged
from compress.students.torch_answers import answer_torch
from compress.teachers.features import teacher_embeddings
from compress.workspace import digest_files, digest_of
from edge.bundle.manifest import Decision
from edge.inspection.boxes import Marking, marking_of


@dataclass(frozen=True, slots=True)
class Origin:
    """What the run was made from, for the record. explored: the points that were tried before the chain was chosen."""

    dataset: Dataset
    data_key: object
    input_why: str
    budget: Budget
    seed: int
    explored: tuple[Point, ...]


def evaluate_all(folder: Path, chain: Chain, judged: Judged, origin: Origin, reporter: Reporter) -> None:
    """Score every model on the test split under the rule that validation gave it.

    Name, command and seconds are the run's, not the evaluation's; they are filled in when it ships.
    """
    dataset = origin.dataset
    test = read_pictures(dataset, "test", chain.pruned.config.input)
    prob_NK = _teacher_prob(chain, test, folder, reporter)
    in_teacher = with_normality(prob_NK, chain.teacher, chain.teacher_normality, test.samples, folder, reporter)
    answers = {"teacher": in_teacher}
    answers |= {key: answer_graph(file, test.image_NHWC) for key, file in chain.files.items()}
    shipped = judged.point(judged.shipped)
    ours = answers[shipped.name]
    map_NHW = _map_of(ours, dataset)
    in_torch = answer_torch(chain.pruned, chain.graphs.pruned_temperature, test.image_NHWC, chain.graphs.normality)
    report = RunReport(
        name="",
        trained=_trained(chain, origin),
        classes=tuple((c.name, c.kind) for c in dataset.classes),
        rows=tuple(_row(judged.point(key), chain, dataset, test, found) for key, found in answers.items()),
        parity=evaluate.parity(dataset, test, shipped.rule, in_torch, answers["pruned"], answers["int8"]),
        localisation=evaluate.localise(test.samples, map_NHW, _marking(shipped.rule, dataset)),
        shipped=_shipped(judged, chain),
        mistakes=evaluate.mistakes(dataset, test, ours, shipped.rule, map_NHW),
        seconds={},
        peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        budget=origin.budget,
        points=judged.points,
        explored=origin.explored,
        curves=evaluate.curves(dataset, test, ours, shipped.rule),
        groups=evaluate.groups(dataset, test, ours, shipped.rule),
        layers=chain.int8.layers,
        tries=chain.int8.tries,
        trained_in_int8=chain.int8.trained,
    )
    if not knows_defects(dataset):
        _say_gap(report, reporter)
    write_report(report, folder / "report.json")


def _map_of(answers: Answers, dataset: Dataset) -> NDArray[np.float32] | None:
    """The map that says where defects are: where none is known, how unlike good parts each place is."""
    return answers.map_NHW if knows_defects(dataset) else answers.anomaly_map_Nhw


def _marking(rule: Decision, dataset: Dataset) -> Marking:
    return marking_of(rule, unlike_good=not knows_defects(dataset))


def _say_gap(report: RunReport, reporter: Reporter) -> None:
    """Without a defect to tune on, only the test shows that a student has not learned what its teacher sees."""
    theirs, ours = (row.inspection.auroc if row.inspection else None for row in (report.rows[0], report.shipped_row))
    if theirs is not None and ours is not None and ours < theirs:
        reporter.say(
            f"on the test the bundle tells good parts from defective ones less well than its teacher (AUROC {ours:.3f} "
            f"against {theirs:.3f}); try more --steps and --views, and do not let it decide alone where the gap is wide"
        )


def read_evaluation(folder: Path) -> RunReport:
    return read_report(folder / "report.json")


def _teacher_prob(chain: Chain, test: Pictures, folder: Path, reporter: Reporter) -> NDArray[np.float32]:
    return chain.look.probe.prob(teacher_embeddings(chain.teacher, test.samples, folder, reporter))


def _row(point: Point, chain: Chain, dataset: Dataset, test: Pictures, answers: Answers) -> StageRow:
    found, ok_ng = score(dataset, test, answers, point.rule)
    if point.name == "teacher":
        parameters = sum(p.numel() for p in chain.teacher.vision.parameters())
        return StageRow(point.name, parameters, None, parameters * 4 / 1e6, point.ms, found, ok_ng)
    model = chain.student if point.name == "student" else chain.pruned
    size = chain.files[point.name].stat().st_size / 1e6
    return StageRow(point.name, model.parameters_count(), model.multiply_adds(), size, point.ms, found, ok_ng)


def _shipped(judged: Judged, chain: Chain) -> Shipped:
    point = judged.point(judged.shipped)
    return Shipped(
        variant=point.precision,
        why=judged.why,
        temperature=chain.graphs.pruned_temperature,
        calibration=chain.int8.quantised.method,
    )


def _trained(chain: Chain, origin: Origin) -> Trained:
    dataset, spec = origin.dataset, chain.pruned.config.input
    counts: dict[str, dict[str, int]] = {c.name: {"train": 0, "val": 0, "test": 0} for c in dataset.classes}
    for sample in dataset.samples:
        counts[sample.class_name][sample.split] += 1
    return Trained(
        command="",
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        edgevl_version=version("edgevl"),
        data=dataset.summary(),
        data_root=dataset.root.name,
        data_digest=digest_of(origin.data_key),
        data_notes=dataset.notes,
        problems=tuple((dataset.below(p.path), p.sentence) for p in dataset.problems),
        counts=counts,
        teacher=chain.teacher.name,
        teacher_architecture=chain.teacher.architecture,
        teacher_digest=digest_files(list(chain.teacher.files)),
        input_height=spec.height,
        input_width=spec.width,
        input_why=origin.input_why,
        seed=origin.seed,
    )
