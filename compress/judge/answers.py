"""A model's answers to many pictures, and the ONNX graph's; `compress.students.torch_answers` gives torch's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge.engines.contract import ANOMALY_OUTPUTS

_BATCH = 16


@dataclass(frozen=True, slots=True)
class Answers:
    """A model's answers for one split: class probabilities, and what else it has (see `edge.bundle`)."""

    prob_NK: NDArray[np.float32]
    map_NHW: NDArray[np.float32] | None = None
    anomaly_N: NDArray[np.float32] | None = None
    anomaly_map_Nhw: NDArray[np.float32] | None = None


def answer_graph(file: Path, image_NHWC: NDArray[np.uint8]) -> Answers:
    """Run a student's ONNX graph over pictures."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    there = [output.name for output in session.get_outputs()]
    names = [name for name in ("prob", "map", *ANOMALY_OUTPUTS) if name in there]
    return in_batches(lambda batch: tuple(session.run(names, {"image": batch})), image_NHWC)


def embed_with(file: Path, image_NHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The embeddings that a student's ONNX graph gives to pictures, float32 N x D."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    starts = range(0, len(image_NHWC), _BATCH)
    return np.concatenate([session.run(["embedding"], {"image": image_NHWC[i : i + _BATCH]})[0] for i in starts])


def in_batches(
    run: Callable[[NDArray[np.uint8]], tuple[NDArray[np.float32], ...]], image_NHWC: NDArray[np.uint8]
) -> Answers:
    """All pictures through `run`, which gives the fields of Answers in order, a few at a time."""
    batches = [run(image_NHWC[i : i + _BATCH]) for i in range(0, len(image_NHWC), _BATCH)]
    return Answers(*(np.concatenate(arrays) for arrays in zip(*batches, strict=True)))
