"""The teacher: the image side of a Hugging Face model, behind one small door.

Dual encoders (CLIP, SigLIP, VisionTextDualEncoder, ...), encoders that only see (ViT, DINOv2, MobileNetV2, ResNet,
ConvNeXt, ...) and the encoders inside models that write (LLaVA, BLIP-2, ...) are all teachers.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn

from compress.errors import TeacherError
from compress.teachers.image_side import ImageSide, find_image_side
from compress.teachers.image_side import TeacherVision as TeacherVision
from compress.teachers.pretrained import (
    called,
    find_folder,
    first_line,
    model_files,
    open_config,
    open_model,
    refuse_untrained,
)  # fmt: skip
from compress.teachers.teacher_input import Preprocessing, read_preprocessing

_NOT_SEEN_WITH = ("text_", "logit_", "temperature")  # the parts of a dual encoder that the image side does not use


@dataclass(frozen=True, slots=True)
class Teacher:
    """A loaded teacher. `vision` is the module to run or export; `dim` the length of its image embedding."""

    name: str
    architecture: str
    vision: TeacherVision
    preprocessing: Preprocessing
    dim: int
    files: tuple[Path, ...]


def load_teacher(name: str) -> Teacher:
    """Load a teacher from a folder, or by its Hugging Face name. Raises TeacherError with what is missing."""
    folder = find_folder(name)
    model, missing = open_any(folder)
    seen_with = [key for key in missing if not key.startswith(_NOT_SEEN_WITH)]
    teacher = teacher_of(called(name, folder), folder, model, seen_with)
    forget_text_side(teacher.vision.model)
    return teacher


def open_any(folder: Path) -> tuple[nn.Module, frozenset[str]]:
    """The model by what its config.json says it is, and the names of the weights its file lacks.

    A model that writes may be larger than memory in float32; it keeps the precision of its file. BLIP compares or
    writes under one configuration: whichever its weights are for.
    """
    kind = type(open_config(folder))
    writes = kind in transformers.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
    dtype = "auto" if writes else torch.float32
    if kind not in transformers.MODEL_MAPPING and writes:
        return open_model(folder, transformers.AutoModelForImageTextToText, dtype)
    model, missing = open_model(folder, transformers.AutoModel, dtype)
    if missing and writes:
        return open_model(folder, transformers.AutoModelForImageTextToText, dtype)
    return model, missing


def teacher_of(name: str, folder: Path, model: nn.Module, missing: Collection[str] = ()) -> Teacher:
    """A loaded model as a teacher. missing: weights its file lacks; a pooler among them is then left out.

    A checkpoint of a classifier comes without a pooler, and one drawn at random would scramble the embedding.
    """
    refuse_untrained(folder, [key for key in missing if "pooler." not in key])
    side = find_image_side(model)
    side.module.float()
    vision, preprocessing, dim = _sized(folder, model.config, side, has_pooler=not missing)
    return Teacher(
        name=name,
        architecture=type(model).__name__,
        vision=vision,
        preprocessing=preprocessing,
        dim=dim,
        files=tuple(model_files(folder)),
    )


def _sized(folder: Path, config: Any, side: ImageSide, has_pooler: bool) -> tuple[TeacherVision, Preprocessing, int]:
    """The image side at the first of the likely sizes it takes, and the length of its embedding."""
    refused: Exception | None = None
    for preprocessing in read_preprocessing(folder, config):
        vision = TeacherVision(side, preprocessing, has_pooler).eval()
        blank = torch.zeros(1, preprocessing.height, preprocessing.width, 3, dtype=torch.uint8)
        try:
            with torch.inference_mode():
                return vision, preprocessing, int(vision(blank)[0].shape[1])
        except Exception as error:  # any model class may land here; say which one could not be used
            refused = refused or error
    assert refused is not None
    kind = type(side.module).__name__
    raise TeacherError(f"{kind} gives no image features that edgevl can use: {first_line(refused)}") from refused


def forget_text_side(model: nn.Module) -> None:
    """A teacher that only looks need not carry, count or export the text encoder."""
    for name, _ in list(model.named_children()):
        if name.startswith("text_"):
            delattr(model, name)
