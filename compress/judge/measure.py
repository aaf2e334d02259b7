"""How long a frame takes: every graph in turn within one run, so that a noisy machine is noisy to all alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from compress.teachers.teacher import Teacher

_ROUNDS = 30
_WARM_UP = 3


def latencies_ms(runs: dict[str, Callable[[], object]], rounds: int = _ROUNDS) -> dict[str, float]:
    """The median of each run in milliseconds; a round calls each once, or a few times where it is quick."""
    samples: dict[str, list[float]] = {name: [] for name in runs}
    for index in range(rounds + _WARM_UP):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if index >= _WARM_UP:
                samples[name].append(1000 * (time.perf_counter() - start))
    return {name: float(np.median(values)) for name, values in samples.items()}


def graph_run(file: Path, image_NHWC: NDArray[np.uint8]) -> Callable[[], object]:
    """One frame through ONNX Runtime on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"image": image_NHWC})


def teacher_run(teacher: Teacher) -> Callable[[], object]:
    """One frame through the teacher in torch on one thread, as one would run it without a toolkit."""
    size = teacher.preprocessing
    blank = torch.zeros(1, size.height, size.width, 3, dtype=torch.uint8)

    def run() -> None:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.inference_mode():
                teacher.vision(blank)
        finally:
            torch.set_num_threads(threads)

    return run
