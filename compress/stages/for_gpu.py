"""Variants for GPUs: int8 in the dialect that TensorRT takes, and float16 with islands of float32.

They are made and checked for what they answer; how fast they are shows on the device, where `edgevl engine` builds
them and `open_engine` times them.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from compress.data.dataset import Dataset
from compress.data.pictures import read_pictures
from compress.int8.calibrate import calibration_pictures
from compress.int8.half import to_half
from compress.int8.quantise import quantise
from compress.judge.answers import answer_graph
from compress.pack import Graph
from compress.progress import Reporter
from compress.students.student_model import AnyStudent
from edge.bundle.manifest import Precision

_CALIBRATION_PICTURES = 128
_MOST_OFF = 0.02  # mean |difference| of probabilities; rounding alone stays ten times below
_VARIANTS: tuple[tuple[str, Precision], ...] = (("int8-gpu", "int8"), ("float16", "float16"))


def make_for_gpu(
    folder: Path, student: AnyStudent, floating: Path, dataset: Dataset, seed: int, reporter: Reporter
) -> None:
    """Write both graphs; one that is not the float graph any more is left out, and that is said."""
    spec = student.config.input
    val = read_pictures(dataset, "val", spec)
    calibration = calibration_pictures(dataset, spec, _CALIBRATION_PICTURES, seed)
    quantise(floating, folder / "int8-gpu.onnx", calibration, val.image_NHWC, "int8", student.int8_layers)
    to_half(floating, folder / "float16.onnx")

    in_float_NK = answer_graph(floating, val.image_NHWC).prob_NK
    kept = []
    for name, _ in _VARIANTS:
        prob_NK = answer_graph(folder / f"{name}.onnx", val.image_NHWC).prob_NK
        off = float(np.abs(prob_NK - in_float_NK).mean())
        if off <= _MOST_OFF:
            kept.append(name)
        else:
            reporter.say(f"{name} is left out: its probabilities are off by {off:.3f} on validation")
    (folder / "kept.json").write_bytes(msgspec.json.encode(kept))


def read_for_gpu(folder: Path) -> tuple[Graph, ...]:
    kept = msgspec.json.decode((folder / "kept.json").read_bytes(), type=list[str])
    return tuple(
        Graph(name, folder / f"{name}.onnx", precision, made_for="gpu") for name, precision in _VARIANTS if name in kept
    )
