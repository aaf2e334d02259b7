"""An untrained student of four layers as a float graph, and real picture files to calibrate it on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from compress.calibrate import calibration_pictures
from compress.dataset import Dataset, read_dataset
from compress.export import export
from compress.pictures import Pictures, read_pictures
from compress.student import ConvSpec, Student, StudentConfig
from edge.bundle import InputSpec
from tests.compress.small_run import write_parts

SPEC = InputSpec(64, 64)
CONVS = ((5, 2, 8), (3, 2, 16), (3, 2, 16), (3, 2, 24))


@dataclass(frozen=True, slots=True)
class TinyGraph:
    """The student, its float graph, the data set, and pictures of its train and val split."""

    student: Student
    file: Path
    dataset: Dataset
    calibration: Pictures
    val: Pictures


def make_tiny_graph(folder: Path) -> TinyGraph:
    """Everything anew in a folder."""
    dataset = read_dataset(write_parts(folder / "data"))
    torch.manual_seed(0)
    config = StudentConfig(SPEC, tuple(ConvSpec(*c) for c in CONVS), 3, 4, 8, 32, 2)
    student = Student(config).eval()
    _settle_norms(student, read_pictures(dataset, "train", SPEC))
    export(student, 1.0, folder / "float.onnx")
    calibration = calibration_pictures(dataset, SPEC, 16, 0)
    return TinyGraph(student, folder / "float.onnx", dataset, calibration, read_pictures(dataset, "val", SPEC))


def _settle_norms(student: Student, pictures: Pictures) -> None:
    """Let every BatchNorm see pictures, so that activations have the size they have in a trained student."""
    student.train()
    with torch.no_grad():
        for _ in range(20):
            student(torch.from_numpy(pictures.image_NHWC))
    student.eval()
