"""Sensitivity: what each layer costs in int8 alone, and which go back to float until a limit holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compress.int8.layer_loss import LayerLoss, Relaxed
from compress.int8.quantise import Plan
from compress.judge.answers import Answers, answer_graph
from compress.judge.measure import graph_run, latencies_ms
from compress.progress import Reporter

_FLOAT = "float"


def sensitivity(plan: Plan, val_NHWC: NDArray[np.uint8], folder: Path, reporter: Reporter) -> tuple[LayerLoss, ...]:
    """The table of all layers, the most harmful first. folder: for graphs that are removed again."""
    in_float = _in_float(plan, val_NHWC, folder)
    losses = []
    with reporter.bar("int8 by layer", len(plan.layers)) as advance:
        for layer in plan.layers:
            losses.append(_loss(plan.only(layer.name), title(layer.weight), in_float, val_NHWC, folder))
            advance()
    return tuple(sorted(losses, key=lambda loss: (-loss.flips, -loss.difference - loss.map_difference)))


def relax(
    plan: Plan,
    losses: Sequence[LayerLoss],
    val_NHWC: NDArray[np.uint8],
    file: Path,
    holds: Callable[[Path], bool],
) -> tuple[Plan, tuple[Relaxed, ...]]:
    """Take layers back to float, the most harmful first, until `holds(file)`; the tries come in order.

    `file` is the last try's graph when this returns; whether it holds is said by its `Relaxed`. One layer stays int8
    at least: the float graph is a variant of its own.
    """
    float_file, in_float = file.with_suffix(".float.onnx"), _in_float(plan, val_NHWC, file.parent)
    plan.write(float_file, ())
    by_title = {title(layer.weight): layer.name for layer in plan.layers}
    back: list[str] = []
    tries: list[Relaxed] = []
    left = plan
    try:
        for harmful in [None, *losses[:-1]]:
            if harmful is not None:
                back.append(harmful.layer)
            left = plan.without(*(by_title[name] for name in back))
            left.write(file)
            tries.append(_try(tuple(back), file, float_file, in_float, val_NHWC, holds))
            if tries[-1].holds:
                break
    finally:
        float_file.unlink(missing_ok=True)
    return left, tuple(tries)


def title(weight: str) -> str:
    """What people read: `student.convs.3.0.weight` is `convs.3.0`."""
    return weight.removeprefix("student.").removesuffix(".weight")


def _loss(plan: Plan, name: str, in_float: Answers, val_NHWC: NDArray[np.uint8], folder: Path) -> LayerLoss:
    file = folder / "layer.onnx"
    try:
        plan.write(file)
        return LayerLoss(name, *_apart(answer_graph(file, val_NHWC), in_float))
    finally:
        file.unlink(missing_ok=True)


def _try(
    float_layers: tuple[str, ...],
    file: Path,
    float_file: Path,
    in_float: Answers,
    val_NHWC: NDArray[np.uint8],
    holds: Callable[[Path], bool],
) -> Relaxed:
    apart = _apart(answer_graph(file, val_NHWC), in_float)
    one = val_NHWC[:1]
    ms = latencies_ms({_FLOAT: graph_run(float_file, one), "int8": graph_run(file, one)})
    return Relaxed(float_layers, *apart, ms["int8"], ms[_FLOAT], holds(file))


def _in_float(plan: Plan, val_NHWC: NDArray[np.uint8], folder: Path) -> Answers:
    file = folder / "all-float.onnx"
    try:
        plan.write(file, ())
        return answer_graph(file, val_NHWC)
    finally:
        file.unlink(missing_ok=True)


def _apart(ours: Answers, in_float: Answers) -> tuple[float, int, float]:
    """Mean |difference| of what decides, changed classes, mean |difference| of maps."""
    assert ours.map_NHW is not None
    assert in_float.map_NHW is not None
    return (
        float(np.abs(_deciding(ours) - _deciding(in_float)).mean()),
        int((ours.prob_NK.argmax(1) != in_float.prob_NK.argmax(1)).sum()),
        float(np.abs(ours.map_NHW - in_float.map_NHW).mean()),
    )


def _deciding(answers: Answers) -> NDArray[np.float32]:
    """Class probabilities, and the anomaly where there is one."""
    return answers.prob_NK if answers.anomaly_N is None else np.column_stack((answers.prob_NK, answers.anomaly_N))
