"""Quantise: the pruned student in int8, with as many layers back in float, or as much training, as quality asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from compress.data.dataset import Dataset
from compress.data.pictures import Pictures
from compress.good_parts.made_up import validation
from compress.int8.calibrate import calibration_pictures
from compress.int8.layer_loss import LayerLoss, Relaxed
from compress.int8.qat import train_aware, with_weights_of
from compress.int8.quantise import Plan, Quantised, plan
from compress.int8.sensitivity import relax, sensitivity
from compress.judge.answers import answer_graph
from compress.judge.budget import INT8_DROP, make_point
from compress.judge.measure import graph_run, latencies_ms
from compress.judge.point import Budget, Point
from compress.progress import Reporter
from compress.stages.graphs import Graphs, learn_good
from compress.stages.looking import Look
from compress.students.distil import Schedule
from compress.students.export import export
from compress.students.student import Student
from compress.students.student_model import AnyStudent

_CALIBRATION_PICTURES = 128
_AWARE_RATE = 1e-3  # a fifth of what a new student learns at: the rounding is all there is to learn


@dataclass(frozen=True, slots=True)
class Int8:
    """The int8 graph, how it was calibrated, and what it took.

    layers: what each layer costs alone, the most harmful first. tries: with ever more layers back in float, the last
    one kept. trained: whether the student was trained with the rounding, because no try was good enough.
    """

    file: Path
    quantised: Quantised
    layers: tuple[LayerLoss, ...] = ()
    tries: tuple[Relaxed, ...] = ()
    trained: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """What quantising starts from. steps: of training with the rounding, where it comes to that."""

    student: AnyStudent
    graphs: Graphs
    look: Look
    dataset: Dataset
    budget: Budget
    steps: int
    seed: int


def quantise_within(folder: Path, task: Task, reporter: Reporter) -> None:
    """The pruned student's graph in int8, good enough for the budget if that can be had; whether it ships is judged
    later.
    """
    spec = task.student.config.input
    val = validation(task.dataset, spec)
    calibration = calibration_pictures(task.dataset, spec, _CALIBRATION_PICTURES, task.seed)
    holds = _criterion(task, val)
    made, quantised = plan(task.graphs.pruned, calibration, val.image_NHWC, choose=task.student.int8_layers)
    file = folder / "int8.onnx"
    layers = _sensitive(made, file, val, reporter)
    _, tries = relax(made, layers, val.image_NHWC, file, holds)
    trained = not _is_worth_it(tries[-1]) and _train(folder, task, made, val, holds, reporter)
    _say(tries, trained, reporter)
    done = Int8(Path(file.name), quantised, layers, tries, trained)
    (folder / "quantised.json").write_bytes(msgspec.json.encode(done, enc_hook=str))


def _sensitive(made: Plan, file: Path, val: Pictures, reporter: Reporter) -> tuple[LayerLoss, ...]:
    """What each layer costs in int8, the most harmful first; nothing where int8 is slower than float with all layers.

    Layers that go back to float make it no faster, so there is nothing to weigh then.
    """
    made.write(file)
    one = val.image_NHWC[:1]
    floating = file.with_suffix(".float.onnx")
    made.write(floating, ())
    ms = latencies_ms({"float": graph_run(floating, one), "int8": graph_run(file, one)})
    floating.unlink()
    if ms["int8"] > ms["float"]:
        reporter.say(f"int8 is slower than float here ({ms['int8']:.2f} ms against {ms['float']:.2f} ms)")
        return ()
    return sensitivity(made, val.image_NHWC, file.parent, reporter)


def read_int8(folder: Path) -> Int8:
    raw = (folder / "quantised.json").read_bytes()
    said = msgspec.json.decode(raw, type=Int8, dec_hook=lambda kind, value: kind(value))
    return replace(said, file=folder / said.file)


def _criterion(task: Task, val: Pictures) -> Callable[[Path], bool]:
    """Whether a graph is as good as the float one but for the drop allowed, and keeps the limits that one keeps."""
    floating = _point(task, val, task.graphs.pruned)
    limit = INT8_DROP if task.budget.max_drop is None else task.budget.max_drop

    def holds(file: Path) -> bool:
        point = _point(task, val, file)
        kept = not point.shortfalls or bool(floating.shortfalls)
        return kept and floating.quality - point.quality <= limit

    return holds


def _point(task: Task, val: Pictures, file: Path) -> Point:
    return make_point(file.stem, "int8", 0.0, task.dataset, val, answer_graph(file, val.image_NHWC), task.budget)


def _is_worth_it(last: Relaxed) -> bool:
    """Good enough, and still faster than float."""
    return last.holds and last.ms < last.float_ms


def _train(
    folder: Path, task: Task, made: Plan, val: Pictures, holds: Callable[[Path], bool], reporter: Reporter
) -> bool:
    """Train a convolutional student with the rounding, all layers in int8; the graph replaces the one there where it
    holds, or comes nearer.
    """
    if not isinstance(task.student, Student):  # training with the rounding follows its plain chain of convolutions
        return False
    reporter.say("int8 costs too much even with layers back in float: the student is trained with the rounding")
    schedule = Schedule(task.steps, learning_rate=_AWARE_RATE)
    student = train_aware(task.student, made, task.look.lesson, schedule, task.seed, reporter)
    floating, trial, file = folder / "aware.float.onnx", folder / "aware.onnx", folder / "int8.onnx"
    normality = learn_good(student, task.dataset, val, task.seed) if task.graphs.normality is not None else None
    export(student, task.graphs.pruned_temperature, floating, normality)
    with_weights_of(made, floating).write(trial)
    floating.unlink()
    better = holds(trial) or _off(task, trial, val.image_NHWC) < _off(task, file, val.image_NHWC)
    if better:
        trial.replace(file)
    else:
        trial.unlink()
    return better


def _off(task: Task, file: Path, image_NHWC: NDArray[np.uint8]) -> float:
    """How far a graph's probabilities are from the float graph's."""
    ours, theirs = (answer_graph(one, image_NHWC).prob_NK for one in (file, task.graphs.pruned))
    return float(np.abs(ours - theirs).mean())


def _say(tries: tuple[Relaxed, ...], trained: bool, reporter: Reporter) -> None:
    back = tries[-1].float_layers
    if trained:
        reporter.say("int8: all layers, after training with the rounding")
    elif back:
        reporter.say(f"int8: all layers but {', '.join(back)}, which went back to float to keep quality")
