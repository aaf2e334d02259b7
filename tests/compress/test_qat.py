"""Quantisation-aware training rounds as the graph does, and makes good what rounding spoils."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from compress.int8.qat import train_aware, with_weights_of, wrap
from compress.int8.qdq import Range
from compress.int8.quantise import Plan, plan, run_prob
from compress.progress import SilentReporter
from compress.students.distil import Schedule, distil
from compress.students.export import export
from compress.students.student import Student
from compress.students.torch_answers import answer_torch
from tests.compress.tiny_graph import TinyGraph, make_lesson, make_tiny_graph

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # several trainings

_ROUGH = 250.0  # an outlier that stretches every range so far leaves two of 256 levels to the rest
_MORE = Schedule(120, 16, 2e-3)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyGraph:
    """With a student that has learnt to tell spots."""
    made = make_tiny_graph(tmp_path_factory.mktemp("tiny"))
    distil(made.student, make_lesson(made), Schedule(200, 16, 4e-3), 0, "learns", SilentReporter())
    export(made.student, 1.0, made.file)
    return made


@pytest.fixture(scope="module")
def rough(tiny: TinyGraph) -> Plan:
    """Min-max ranges as one outlier in every tensor would have made them."""
    planned, _ = plan(tiny.file, tiny.calibration, tiny.val.image_NHWC)
    wide = {name: Range(_ROUGH * one.low, _ROUGH * one.high) for name, one in planned.ranges.items()}
    return replace(planned, ranges=wide)


def _loss(file: Path, tiny: TinyGraph) -> float:
    prob_NK = run_prob(file, tiny.val.image_NHWC)
    return float(-np.log(prob_NK[np.arange(len(prob_NK)), tiny.val.label_N] + 1e-9).mean())


def test_learning_with_rounding_beats_learning_without(tiny: TinyGraph, rough: Plan, tmp_path: Path) -> None:
    """As many steps each, written at the same points and scales, on pictures that neither was trained on."""
    weights = copy.deepcopy(tiny.student.state_dict())
    aware = train_aware(tiny.student, rough, make_lesson(tiny), _MORE, 0, SilentReporter())
    blind = copy.deepcopy(tiny.student)
    distil(blind, make_lesson(tiny), _MORE, 0, "learns", SilentReporter())
    losses = {}
    for name, student in (("aware", aware), ("blind", blind)):
        export(student, 1.0, tmp_path / "float.onnx")
        with_weights_of(rough, tmp_path / "float.onnx").write(tmp_path / f"{name}.onnx")
        losses[name] = _loss(tmp_path / f"{name}.onnx", tiny)
    assert losses["aware"] < losses["blind"], losses
    assert all(torch.equal(value, weights[name]) for name, value in tiny.student.state_dict().items())


def test_the_rounding_is_the_graphs(tiny: TinyGraph, rough: Plan, tmp_path: Path) -> None:
    """A student that rounds in torch answers as the int8 graph does, much nearer than the float student."""
    rounding: Student = copy.deepcopy(tiny.student)
    wrap(rounding, rough)
    rough.write(tmp_path / "int8.onnx")
    graph_NK = run_prob(tmp_path / "int8.onnx", tiny.val.image_NHWC)
    pixels_NCHW = torch.from_numpy(tiny.val.image_NHWC).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        logits_NK, _, _ = rounding.heads(rounding.trunk(pixels_NCHW))
    torch_NK = F.softmax(logits_NK, dim=1).numpy()
    float_NK = answer_torch(tiny.student, 1.0, tiny.val.image_NHWC).prob_NK
    apart = np.abs(torch_NK - graph_NK).mean()
    assert apart < 0.1 * np.abs(float_NK - graph_NK).mean()
