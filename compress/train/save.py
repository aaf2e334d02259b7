"""The trained teacher as an ordinary Hugging Face folder, with the class head and the record beside it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from compress.quiet import quiet
from compress.teachers.pretrained import find_folder
from compress.teachers.teacher import Teacher
from compress.train.fit import Fitted
from compress.train.learner import ClassHead

HEAD = "class_head.safetensors"
_PREPROCESSORS = ("preprocessor_config.json", "processor_config.json")


def save_teacher(folder: Path, fitted: Fitted, source: str) -> None:
    """Write config, weights, preprocessor, tokenizer and class head into `folder`. source: where the teacher came from.

    A pooler that the teacher came without, and that was drawn at random, is left out again.
    """
    model: Any = fitted.teacher.vision.model.cpu()
    state = {
        name: tensor
        for name, tensor in model.state_dict().items()
        if fitted.teacher.vision.has_pooler or "pooler." not in name
    }
    with quiet():
        model.save_pretrained(folder, state_dict=state)
        if fitted.dual is not None:
            fitted.dual.tokenizer.save_pretrained(folder)
    _copy_preprocessor(find_folder(source), folder, fitted.teacher)
    save_head(folder, fitted.head)


def save_head(folder: Path, head: ClassHead) -> None:
    """mean_D, std_D, linear.weight (K x D) and linear.bias (K): logits = weight ((x - mean) / std) + bias."""
    save_file({name: tensor.cpu().contiguous() for name, tensor in head.state_dict().items()}, folder / HEAD)


def _copy_preprocessor(source: Path, folder: Path, teacher: Teacher) -> None:
    """The teacher's own; where it has none, what edgevl assumed of it is written down."""
    found = [source / name for name in _PREPROCESSORS if (source / name).is_file()]
    for file in found:
        shutil.copyfile(file, folder / file.name)
    if not found:
        said = teacher.preprocessing
        size = {"height": said.height, "width": said.width}
        values = {"image_mean": said.mean, "image_std": said.std, "size": size}
        (folder / _PREPROCESSORS[0]).write_text(json.dumps(values, indent=2), encoding="utf-8")
