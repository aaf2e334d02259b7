"""Quantise: static int8 as Q/DQ nodes inside the ONNX graph, for convolutions and linear layers only.

Symmetric, zero point 0, a scale per output channel of the weights: what TensorRT 10 and 11 and ONNX Runtime all
take. Calibrated on real training pictures, as many of each class; the calibration method is the one that agrees
best with the float graph on validation pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from compress.export import tidy
from compress.quiet import quiet
from compress.student import TRUNK_WEIGHTS

_METHODS = {"minmax": CalibrationMethod.MinMax, "percentile": CalibrationMethod.Percentile}


@dataclass(frozen=True, slots=True)
class Quantised:
    """The chosen calibration method, and each method's mean |difference| of probabilities on validation."""

    method: str
    differences: dict[str, float]


def quantise(
    float_file: Path, out_file: Path, calibration_NHWC: NDArray[np.uint8], val_NHWC: NDArray[np.uint8]
) -> Quantised:
    """Write the int8 graph beside the float one."""
    prepared = out_file.with_suffix(".prepared.onnx")
    with quiet():
        quant_pre_process(str(float_file), str(prepared), skip_symbolic_shape=True)
    reference_NK = run_prob(float_file, val_NHWC)
    differences: dict[str, float] = {}
    for name, method in _METHODS.items():
        candidate = out_file.with_suffix(f".{name}.onnx")
        _quantise_once(prepared, candidate, calibration_NHWC, method)
        differences[name] = float(np.abs(run_prob(candidate, val_NHWC) - reference_NK).mean())
    best = min(differences, key=differences.__getitem__)
    out_file.with_suffix(f".{best}.onnx").replace(out_file)
    for leftover in (prepared, *(out_file.with_suffix(f".{name}.onnx") for name in _METHODS)):
        leftover.unlink(missing_ok=True)
    return Quantised(best, differences)


def balanced_choice(label_N: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """Indices of about `count` pictures, as many of each class as there are, up to an equal share."""
    rng = np.random.default_rng(seed)
    classes = np.unique(label_N)
    share = max(1, count // len(classes))
    chosen = [rng.permutation(np.flatnonzero(label_N == c))[:share] for c in classes]
    return np.sort(np.concatenate(chosen))


def run_prob(file: Path, image_NHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Class probabilities of a graph for pictures of its input size, in small batches."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    batches = [session.run(["prob"], {"image": image_NHWC[i : i + 16]})[0] for i in range(0, len(image_NHWC), 16)]
    return np.concatenate(batches)


def _quantise_once(
    prepared: Path, out_file: Path, calibration_NHWC: NDArray[np.uint8], method: CalibrationMethod
) -> None:
    with quiet():
        quantize_static(
            str(prepared),
            str(out_file),
            _Pictures(calibration_NHWC),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Gemm"],
            nodes_to_quantize=_trunk_nodes(onnx.load(prepared)),
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=method,
            extra_options={"ActivationSymmetric": True, "WeightSymmetric": True, "CalibPercentile": 99.99},
        )
    tidy(out_file)


def _trunk_nodes(model: onnx.ModelProto) -> list[str]:
    """The convolutions of the trunk. The heads stay float: they are 2 % of the work, and converting to int8 and
    back costs them more than it saves (a 1280-wide embedding layer ran three times slower in int8)."""
    return [n.name for n in model.graph.node if any(name.startswith(TRUNK_WEIGHTS) for name in n.input)]


class _Pictures(CalibrationDataReader):  # type: ignore[misc]
    """Hands the calibration pictures to ONNX Runtime one at a time."""

    def __init__(self, image_NHWC: NDArray[np.uint8]) -> None:
        self._feed: Iterator[dict[str, NDArray[np.uint8]]] = ({"image": one[None]} for one in image_NHWC)

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        return next(self._feed, None)
