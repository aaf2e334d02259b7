"""Quantise: static int8 as Q/DQ nodes inside the ONNX graph, for convolutions and linear layers only.

A plan holds the float graph, its layers and the range of each tensor; any subset of the layers can be written from
it in either dialect (`compress.int8.qdq`), so that layers can be tried alone or go back to float without new ranges.
Ranges come from real training pictures, as many of each class; of the calibration methods the one is taken whose
graph agrees best with the float graph on validation pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from compress.data.pictures import Pictures
from compress.int8.calibrate import METHODS, balanced_choice, observe, require_real
from compress.int8.qdq import Dialect, Layer, Range, find_layers, insert, tensors_to_observe
from compress.int8.stem import blocks_to_channels, bytes_moved_as_bytes
from compress.students.export import tidy
from compress.students.student import in_int8

__all__ = ["Plan", "Quantised", "balanced_choice", "plan", "quantise", "run_prob"]

Choice = Callable[[tuple[Layer, ...]], tuple[Layer, ...]]  # of all layers a graph has, those that go to int8
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Quantised:
    """The chosen calibration method, and how far each is from float on validation (for a student: mean |dp|)."""

    method: str
    differences: dict[str, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """A float graph, the layers to quantise and the range of every tensor around them."""

    model: onnx.ModelProto
    layers: tuple[Layer, ...]
    ranges: Mapping[str, Range]
    dialect: Dialect = "uint8"

    def write(self, file: Path, layers: Iterable[Layer] | None = None) -> None:
        """Write the graph with these layers in int8; all of them unless said otherwise."""
        chosen = self.layers if layers is None else tuple(layers)
        onnx.save(insert(self._laid_out(chosen), chosen, self.ranges, self.dialect), file)
        tidy(file)

    def only(self, name: str) -> Plan:
        """The plan in which just the layer of this name is int8."""
        return replace(self, layers=tuple(layer for layer in self.layers if layer.name == name))

    def without(self, *names: str) -> Plan:
        """The plan in which the layers of these names stay float."""
        return replace(self, layers=tuple(layer for layer in self.layers if layer.name not in names))

    def _laid_out(self, chosen: tuple[Layer, ...]) -> onnx.ModelProto:
        """The float graph in the layout that the dialect's kernels like; the tensors keep their names and values."""
        if self.dialect == "int8" or not chosen:
            return self.model
        moved = bytes_moved_as_bytes(self.model)
        return blocks_to_channels(moved, tuple(layer.name for layer in chosen))


def plan(
    float_file: Path,
    calibration: Pictures,
    val_NHWC: NDArray[np.uint8],
    dialect: Dialect = "uint8",
    choose: Choice = in_int8,
) -> tuple[Plan, Quantised]:
    """Calibrate by every method and take the one that agrees best. Raises DataError for unreal pictures.

    choose: the student's `int8_layers`; the convolutional student's unless said otherwise.
    """
    require_real(calibration)
    model = onnx.load(float_file)
    layers = choose(find_layers(model))
    seen = observe(model, tensors_to_observe(layers), calibration.image_NHWC)
    plans = {
        name: Plan(model, layers, {tensor: method(one) for tensor, one in seen.items()}, dialect)
        for name, method in METHODS.items()
    }
    float_NK = run_prob(float_file, val_NHWC)

    def difference(file: Path) -> float:
        return float(np.abs(run_prob(file, val_NHWC) - float_NK).mean())

    return best_of(plans, float_file.with_suffix(".trial.onnx"), difference)


def best_of(plans: Mapping[str, Plan], trial: Path, difference: Callable[[Path], float]) -> tuple[Plan, Quantised]:
    """The plan whose graph, written to `trial` for the time being, differs least."""
    differences: dict[str, float] = {}
    try:
        for name, one in plans.items():
            one.write(trial)
            differences[name] = difference(trial)
    finally:
        trial.unlink(missing_ok=True)
    best = min(differences, key=differences.__getitem__)
    return plans[best], Quantised(best, differences)


def quantise(
    float_file: Path,
    out_file: Path,
    calibration: Pictures,
    val_NHWC: NDArray[np.uint8],
    dialect: Dialect = "uint8",
    choose: Choice = in_int8,
) -> Quantised:
    """Write the int8 graph of a float one. Raises DataError for unreal calibration pictures."""
    made, quantised = plan(float_file, calibration, val_NHWC, dialect, choose)
    made.write(out_file)
    return quantised


def run_prob(file: Path, image_NHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What decides, for pictures of the graph's input size: class probabilities, and the anomaly where it has one."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs() if output.name in ("prob", "anomaly")]
    batches = [
        np.column_stack(session.run(names, {"image": image_NHWC[i : i + _BATCH]}))
        for i in range(0, len(image_NHWC), _BATCH)
    ]
    return np.concatenate(batches)
