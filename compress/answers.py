"""A model's answers to many pictures, and the ONNX graph's; `compress.torch_answers` gives torch's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

_BATCH = 16


@dataclass(frozen=True, slots=True)
class Answers:
    """A model's answers for one split: class probabilities, and defect maps where it has them."""

    prob_NK: NDArray[np.float32]
    map_NHW: NDArray[np.float32] | None = None


def answer_graph(file: Path, image_NHWC: NDArray[np.uint8]) -> Answers:
    """Run a student's ONNX graph over pictures."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return in_batches(lambda batch: tuple(session.run(["prob", "map"], {"image": batch})), image_NHWC)


def in_batches(
    run: Callable[[NDArray[np.uint8]], tuple[NDArray[np.float32], ...]], image_NHWC: NDArray[np.uint8]
) -> Answers:
    """All pictures through `run`, which gives prob_NK and map_NHW, a few at a time."""
    batches = [run(image_NHWC[i : i + _BATCH]) for i in range(0, len(image_NHWC), _BATCH)]
    return Answers(np.concatenate([b[0] for b in batches]), np.concatenate([b[1] for b in batches]))
