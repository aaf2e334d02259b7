"""An untrained student of four layers as a float graph, and real picture files to calibrate it on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from compress.data.dataset import Dataset, read_dataset
from compress.data.pictures import Pictures, read_pictures
from compress.int8.calibrate import calibration_pictures
from compress.students.distil import Lesson, Weights
from compress.students.export import export
from compress.students.student import ConvSpec, Student, StudentConfig
from compress.teachers.features import Features
from edge.bundle.manifest import InputSpec
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


def make_lesson(tiny: TinyGraph) -> Lesson:
    """The training pictures with their labels, and features of a teacher that knows bright from dark cells."""
    pictures = read_pictures(tiny.dataset, "train", SPEC)
    grids = tiny.student.config.grids
    grey_N1HW = torch.from_numpy(pictures.image_NHWC).float().mean(3)[:, None] / 255
    hint_NCHW = F.adaptive_avg_pool2d(grey_N1HW, grids.hint).repeat(1, 4, 1, 1).numpy().astype(np.float16)
    features = Features(
        image_MHWC=pictures.image_NHWC,
        label_M=pictures.label_N,
        sample_M=np.arange(len(pictures.label_N)),
        pooled_MD=np.random.default_rng(0).normal(size=(len(pictures.label_N), 32)).astype(np.float32),
        middle_MCHW=hint_NCHW,
        deep_MCHW=hint_NCHW,
        map_MHW=np.full((len(pictures.label_N), *grids.map), np.nan, np.float16),
        val_pooled_ND=np.zeros((0, 32), np.float32),
        turns=(),
    )
    opinion_MK = 4 * np.eye(2, dtype=np.float32)[pictures.label_N]
    return Lesson(features, opinion_MK, Weights())
