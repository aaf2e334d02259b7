"""A small teacher for the demo, trained from scratch on the simulated parts.

A ResNet (He et al. 2016) that learns the class of every picture and, from the boxes, of every cell of its last but
one feature map: a thousand pictures are few, but their cells are many. Saved as an ordinary Hugging Face folder, so
that `compress` meets it through the same door as a user's own teacher.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import ResNetConfig, ResNetModel

from compress.data.dataset import Dataset
from compress.progress import Reporter
from compress.students.optimise import OneCycle
from compress.students.student_model import scaled
from compress.teachers.features import coverage, load_picture
from compress.teachers.views import make_view
from edge.bundle.manifest import InputSpec
from edge.inspection.preprocess import model_input

SIDE = 128
_CELLS = SIDE // 16
_WIDTHS = [32, 64, 128, 192]
_BATCH = 32
_VIEWS = 4
_RATE = 5e-3
_DEFECTIVE_CELL = 0.04  # share of a cell that must be defect for the cell to carry the defect's class
_GOOD_CELL_WEIGHT = 0.15  # good cells outnumber defective ones by far


@dataclass(frozen=True, slots=True)
class _Lesson:
    """Views: image_MHWC uint8, label_M, and the class of every cell, cell_MHW."""

    image_MHWC: NDArray[np.uint8]
    label_M: Tensor
    cell_MHW: Tensor
    cell_weight_K: Tensor


def train_teacher(folder: Path, dataset: Dataset, steps: int, seed: int, reporter: Reporter) -> None:
    """Train and save the teacher, unless `folder` has one. The folder appears when it is complete."""
    if (folder / "model.safetensors").is_file():
        return
    torch.manual_seed(seed)
    config = ResNetConfig(
        embedding_size=_WIDTHS[0], hidden_sizes=_WIDTHS, depths=[1] * 4, layer_type="basic", image_size=SIDE
    )
    model = ResNetModel(config)
    _fit(model, _lesson(dataset, seed, reporter), len(dataset.classes), steps, reporter)
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    transformers.utils.logging.disable_progress_bar()
    model.save_pretrained(partial)
    said = {"size": {"height": SIDE, "width": SIDE}, "image_mean": [0.0] * 3, "image_std": [1.0] * 3}
    (partial / "preprocessor_config.json").write_bytes(msgspec.json.encode(said))
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def _lesson(dataset: Dataset, seed: int, reporter: Reporter) -> _Lesson:
    names = [c.name for c in dataset.classes]
    good = next(i for i, c in enumerate(dataset.classes) if c.kind == "good")
    train = dataset.of("train")
    images, labels, cells = [], [], []
    with reporter.bar("views for the teacher", len(train)) as advance:
        for index, sample in enumerate(train):
            picture, label = load_picture(sample), names.index(sample.class_name)
            for number in range(_VIEWS):
                view = make_view(picture, number, (seed, index, 1))
                images.append(model_input(view.image_HWC, InputSpec(SIDE, SIDE)))
                labels.append(label)
                cells.append(np.where(coverage(view, (_CELLS, _CELLS)) > _DEFECTIVE_CELL, label, good))
            advance()
    weight_K = torch.ones(len(names))
    weight_K[good] = _GOOD_CELL_WEIGHT
    return _Lesson(np.stack(images), torch.tensor(labels), torch.from_numpy(np.stack(cells)), weight_K)


def _fit(model: ResNetModel, lesson: _Lesson, num_classes: int, steps: int, reporter: Reporter) -> None:
    classify, classify_cells = nn.Linear(_WIDTHS[-1], num_classes), nn.Conv2d(_WIDTHS[-2], num_classes, 1)
    parts = nn.ModuleList([model, classify, classify_cells]).train()
    optimiser = OneCycle(parts.parameters(), _RATE, steps)
    with reporter.bar("teacher learns", steps) as advance:
        for _ in range(steps):
            chosen = torch.randint(len(lesson.label_M), (_BATCH,))
            rgb_NCHW = scaled(torch.from_numpy(lesson.image_MHWC[chosen.numpy()])).flip(1)
            cell_NHW = lesson.cell_MHW[chosen]
            axis = int(torch.randint(3, (1,)))  # 0 leaves it, 1 and 2 mirror it
            if axis:
                rgb_NCHW, cell_NHW = rgb_NCHW.flip(1 + axis), cell_NHW.flip(axis)
            out = model(rgb_NCHW, output_hidden_states=True)
            cells = F.cross_entropy(classify_cells(out.hidden_states[-2]), cell_NHW, weight=lesson.cell_weight_K)
            logits_NK = classify(out.pooler_output.flatten(1))
            loss = 2 * cells + F.cross_entropy(logits_NK, lesson.label_M[chosen], label_smoothing=0.05)
            optimiser.step(loss)
            advance(1, f"loss {loss.item():.2f}")
    model.eval()
