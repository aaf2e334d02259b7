"""Graphs: the students as ONNX files, in float."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from compress.data.dataset import Dataset
from compress.data.pictures import Pictures, read_pictures
from compress.good_parts.normality import Normality, fit_normality, load_normality, save_normality
from compress.good_parts.unknown import tells_unknown
from compress.judge.thresholds import fit_temperature
from compress.students.export import export, export_explaining
from compress.students.student_model import AnyStudent
from compress.students.torch_answers import answer_torch


@dataclass(frozen=True, slots=True)
class Graphs:
    """The float graphs of the student before and after pruning, with their temperatures.

    explain: the graph that says what the pruned student looked at (see `compress.students.explain`).
    normality: what the pruned student knows of good parts; None where the run does not tell unknown defects.
    """

    student: Path
    pruned: Path
    explain: Path
    student_temperature: float
    pruned_temperature: float
    normality: Normality | None = None


def export_both(folder: Path, student: AnyStudent, pruned: AnyStudent, dataset: Dataset, seed: int) -> None:
    """Float graphs of both students, each at the temperature that fits validation."""
    val = read_pictures(dataset, "val", student.config.input)
    temperatures = {}
    for name, model in (("student", student), ("pruned", pruned)):
        prob_NK = answer_torch(model, 1.0, val.image_NHWC).prob_NK
        temperatures[name] = fit_temperature(np.log(prob_NK + 1e-12), val.label_N)
        normality = learn_good(model, dataset, val, seed) if tells_unknown(dataset) else None
        export(model, temperatures[name], folder / f"{name}.onnx", normality)
        if normality is not None:
            save_normality(normality, folder / f"{name}.normality.safetensors")
    export_explaining(pruned, temperatures["pruned"], folder / "explain.onnx")
    (folder / "temperatures.json").write_bytes(msgspec.json.encode(temperatures))


def read_graphs(folder: Path) -> Graphs:
    said = msgspec.json.decode((folder / "temperatures.json").read_bytes(), type=dict[str, float])
    good = folder / "pruned.normality.safetensors"
    normality = load_normality(good) if good.is_file() else None
    return Graphs(
        folder / "student.onnx",
        folder / "pruned.onnx",
        folder / "explain.onnx",
        said["student"],
        said["pruned"],
        normality,
    )


def learn_good(student: AnyStudent, dataset: Dataset, val: Pictures, seed: int) -> Normality:
    """From the good parts of train; those of val set the scale."""
    train = read_pictures(dataset, "train", student.config.input)
    return fit_normality(student, train.image_NHWC[~train.defect_N], val.image_NHWC[~val.defect_N], seed)
