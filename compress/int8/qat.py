"""Quantisation-aware training: the student learns with the rounding it will have in int8.

In the forward pass weights and activations are rounded at the very points, and with the very scales, that a plan
writes into the graph; gradients pass through the rounding as if it were not there and stop where values are clipped
(straight-through estimator; Jacob et al. 2018). BatchNorm stays as it was learnt and is folded before rounding, as in
the exported graph. What trains is an ordinary student, which is exported like any other.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from compress.int8.qdq import Dialect, Range
from compress.int8.quantise import Plan
from compress.int8.sensitivity import title
from compress.progress import Reporter
from compress.students.distil import Lesson, Schedule, distil
from compress.students.student import Student

_FIRST = "convs.0.0"  # its input, camera bytes, loses nothing in uint8


def train_aware(
    student: Student, plan: Plan, lesson: Lesson, schedule: Schedule, seed: int, reporter: Reporter
) -> Student:
    """A copy of the student, taught while it rounds as `plan` says. Its graph is written by `with_weights_of`."""
    trained = copy.deepcopy(student)
    wrap(trained, plan)
    distil(trained, lesson, schedule, seed, "student learns in int8", reporter)
    for layer in plan.layers:
        _unwrap(trained, title(layer.weight))
    return trained.eval()


def with_weights_of(plan: Plan, float_file: Path) -> Plan:
    """The plan's layers and ranges over another float graph of the same student."""
    return replace(plan, model=onnx.load(float_file))


class Aware(nn.Module):
    """One layer that rounds as in int8: its input, its weights, and what it gives behind its activation."""

    def __init__(self, inner: nn.Module, given: Range | None, taken: Range, dialect: Dialect) -> None:
        super().__init__()
        self.inner = inner
        self._given, self._taken, self._dialect = given, taken, dialect

    def forward(self, x: Tensor) -> Tensor:
        if self._given is not None:
            x = rounded(x, self._given, self._dialect)
        return rounded(self._applied(x), self._taken, self._dialect)

    def _applied(self, x: Tensor) -> Tensor:
        if isinstance(self.inner, nn.Linear):
            return F.linear(x, rounded_weight(self.inner.weight), self.inner.bias)
        if isinstance(self.inner, nn.Conv2d):
            return _convolved(x, self.inner, self.inner.weight, self.inner.bias)
        assert isinstance(self.inner, nn.Sequential)
        conv, norm, _ = self.inner
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        weight, bias = _folded(conv, norm)
        return F.relu(_convolved(x, conv, weight, bias))


def rounded(x: Tensor, limits: Range, dialect: Dialect) -> Tensor:
    """x as it comes back from eight bits; the gradient passes where nothing is clipped."""
    scale, zero = limits.scale_and_zero(dialect)
    low, high = (0, 255) if zero.dtype == np.uint8 else (-128, 127)
    out: Tensor = torch.fake_quantize_per_tensor_affine(x, float(scale), int(zero), low, high)
    return out


def rounded_weight(weight: Tensor) -> Tensor:
    """Weights as they come back from int8, a scale per output channel: the largest is 127."""
    scale_K = weight.detach().abs().flatten(1).amax(1).clamp_min(1e-8) / 127
    zero_K = torch.zeros_like(scale_K, dtype=torch.int32)
    out: Tensor = torch.fake_quantize_per_channel_affine(weight, scale_K, zero_K, 0, -127, 127)
    return out


def _convolved(x: Tensor, conv: nn.Conv2d, weight: Tensor, bias: Tensor | None) -> Tensor:
    return F.conv2d(x, rounded_weight(weight), bias, conv.stride, conv.padding)


def _folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weights and bias of the convolution with the norm's frozen statistics in them."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    factor_K = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return conv.weight * factor_K[:, None, None, None], norm.bias - norm.running_mean * factor_K


def wrap(student: Student, plan: Plan) -> None:
    """Let the plan's layers of a student round, in place."""
    for layer in plan.layers:
        name = title(layer.weight)
        given = None if name == _FIRST else plan.ranges[layer.input]
        parent, key = _place(student, name)
        parent.add_module(key, Aware(parent.get_submodule(key), given, plan.ranges[layer.output], plan.dialect))


def _unwrap(student: Student, name: str) -> None:
    parent, key = _place(student, name)
    aware = parent.get_submodule(key)
    assert isinstance(aware, Aware)
    parent.add_module(key, aware.inner)


def _place(student: Student, name: str) -> tuple[nn.Module, str]:
    """Where a layer hangs: `convs.3.0` is a whole block, convolution to ReLU; heads hang on the student itself."""
    parent, _, rest = name.partition(".")
    return (student.convs, rest.partition(".")[0]) if rest else (student, parent)
