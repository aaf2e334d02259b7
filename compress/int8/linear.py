"""Transformers in int8: their linear layers and the patch convolution, nothing else.

Residual sums, LayerNorm, Softmax and GELU stay float: quantising them is what destroys vision transformers. So does
what linear layers give, which goes straight into one of those; only their inputs and weights are rounded.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from compress.data.pictures import Pictures
from compress.errors import DataError
from compress.int8.calibrate import METHODS, observe, require_real
from compress.int8.qdq import Dialect, find_layers, tensors_to_observe
from compress.int8.quantise import Plan, Quantised, best_of

_BATCH = 4


def quantise_linear(
    float_file: Path, out_file: Path, calibration: Pictures, val_NHWC: NDArray[np.uint8], dialect: Dialect = "uint8"
) -> Quantised:
    """Write the int8 graph of an encoder: `image` uint8 [N, H, W, 3] -> an embedding [N, D] as its first output.

    The calibration method with the least 1 - cosine on validation is taken. Raises DataError for unreal calibration
    pictures and for graphs without such layers.
    """
    require_real(calibration)
    model = onnx.load(float_file)
    layers = tuple(replace(layer, output="") for layer in find_layers(model))
    if not layers:
        raise DataError(f"{float_file} has no Conv, Gemm or MatMul with constant weights; there is nothing to quantise")
    seen = observe(model, tensors_to_observe(layers), calibration.image_NHWC)
    plans = {
        name: Plan(model, layers, {tensor: method(one) for tensor, one in seen.items()}, dialect)
        for name, method in METHODS.items()
    }
    float_ND = embeddings(float_file, val_NHWC)

    def difference(file: Path) -> float:
        return 1 - float(cosines(embeddings(file, val_NHWC), float_ND).mean())

    chosen, quantised = best_of(plans, float_file.with_suffix(".trial.onnx"), difference)
    chosen.write(out_file)
    return quantised


def embeddings(file: Path, image_NHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The first output of an encoder's graph, in small batches."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    batches = [session.run(None, {"image": image_NHWC[i : i + _BATCH]})[0] for i in range(0, len(image_NHWC), _BATCH)]
    return np.concatenate(batches)


def cosines(ours_ND: NDArray[np.float32], theirs_ND: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each pair of rows."""
    lengths_N = np.linalg.norm(ours_ND, axis=1) * np.linalg.norm(theirs_ND, axis=1)
    return np.asarray((ours_ND * theirs_ND).sum(1) / lengths_N, np.float32)
