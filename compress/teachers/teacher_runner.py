"""The teacher as a function from pictures to features: on a GPU in torch, else through ONNX Runtime.

On a CPU ONNX Runtime runs an encoder several times faster than torch eager. Where the exporter does not know the
architecture, the teacher runs in torch, and the run says so.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from compress.processor import CPU, on_best_device
from compress.progress import Reporter
from compress.quiet import quiet
from compress.teachers.teacher import Teacher, TeacherVision

Outputs = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
Runner = Callable[[NDArray[np.uint8]], Outputs]  # image_NHWC -> pooled_ND, middle_NCHW, deep_NCHW


def open_runner(teacher: Teacher, file: Path, reporter: Reporter) -> Runner:
    """The teacher as a function: on a GPU where there is one, else in ONNX Runtime where its graph can be exported."""
    return on_best_device(lambda device: _runner_on(device, teacher, file, reporter), reporter)


def _runner_on(device: torch.device, teacher: Teacher, file: Path, reporter: Reporter) -> Runner:
    if device != CPU:
        run = _eager(copy.deepcopy(teacher.vision).to(device), device)
        run(np.zeros((1, teacher.preprocessing.height, teacher.preprocessing.width, 3), np.uint8))
        reporter.say(f"the teacher runs on the GPU: {torch.cuda.get_device_name()}")
        return run
    return _on_cpu(teacher, file, reporter)


def _on_cpu(teacher: Teacher, file: Path, reporter: Reporter) -> Runner:
    try:
        export_vision(teacher, file)
        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        _demand_free_batch(session.get_inputs()[0].shape)
    except Exception as error:  # the exporter meets every architecture there is; eager is slower, not wrong
        reporter.say(f"the teacher runs in torch, slower: its graph cannot be exported ({type(error).__name__})")
        return _eager(teacher.vision, CPU)

    def run(image_NHWC: NDArray[np.uint8]) -> Outputs:
        pooled, middle, deep = session.run(None, {"image": image_NHWC})
        return pooled, middle, deep

    return run


def _demand_free_batch(shape: list[int | str]) -> None:
    """The exporter fixes the batch size without a word where a model's code names it."""
    if isinstance(shape[0], int):
        raise TypeError(f"the exported graph takes {shape[0]} pictures at a time only")


def export_vision(teacher: Teacher, file: Path) -> None:
    """Write the teacher's image side as ONNX with a free batch size."""
    size = teacher.preprocessing
    example = torch.zeros(2, size.height, size.width, 3, dtype=torch.uint8)
    with quiet():
        torch.onnx.export(
            teacher.vision,
            (example,),
            str(file),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=1024)},),
            input_names=["image"],
            output_names=["pooled", "middle", "deep"],
            opset_version=20,
            verbose=False,
            external_data=False,
        )


def _eager(vision: TeacherVision, device: torch.device) -> Runner:
    def run(image_NHWC: NDArray[np.uint8]) -> Outputs:
        with torch.inference_mode():
            pooled, middle, deep = (given.float().cpu() for given in vision(torch.from_numpy(image_NHWC).to(device)))
        return pooled.numpy(), middle.numpy(), deep.numpy()

    return run
