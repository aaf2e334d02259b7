"""What a model's small files and the heads of its weights tell, before minutes of work depend on it.

Nothing is loaded: the model is built without memory for its weights (torch's "meta" device), and only the head of each
file of weights is read.
"""

from __future__ import annotations

import contextlib
import warnings
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError, safe_open
from torch import nn

from compress.errors import TeacherError
from compress.teachers.describer import demand_writer
from compress.teachers.dual import demand_both_sides
from compress.teachers.image_side import find_image_side
from compress.teachers.pretrained import INDEX, WEIGHTS, find_folder, first_line, open_config, open_tokenizer, read_json

_POINTER = b"version https://git-lfs"


def demand_teacher(name: str, reads: bool = False) -> None:
    """Raises TeacherError where the model cannot be found, is not whole, or has no image side.

    reads: whether it must compare pictures with sentences, too. What only shows with the weights, shows later.
    """
    folder = find_folder(name)
    config = open_config(folder)
    _demand_whole(folder)
    model = _skeleton(config, folder)
    if model is not None and reads:
        demand_both_sides(model, folder)
    elif model is not None:
        find_image_side(model)
    if reads:
        open_tokenizer(folder)


def demand_describer(name: str) -> None:
    """Raises TeacherError where the model cannot be found, is not whole, or does not write."""
    folder = find_folder(name)
    demand_writer(folder)
    _demand_whole(folder)


def _skeleton(config: Any, folder: Path) -> nn.Module | None:
    """The model without its weights; None where only loading it can tell."""
    kind = type(config)
    writes = kind in transformers.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
    if kind not in transformers.MODEL_MAPPING and not writes:
        raise TeacherError(f"{folder} holds a {config.model_type} model, which has no image encoder edgevl can use")
    transformers.utils.logging.set_verbosity_error()
    opener = transformers.AutoModel if kind in transformers.MODEL_MAPPING else transformers.AutoModelForImageTextToText
    with contextlib.suppress(Exception), warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")
        model = opener.from_config(config, trust_remote_code=False)
        assert isinstance(model, nn.Module)
        return model
    return None


def _demand_whole(folder: Path) -> None:
    """Raises TeacherError where a file of weights is absent, cut off, or only git-lfs's note of where it lies."""
    for file in _weights_of(folder):
        if not file.is_file():
            raise TeacherError(f"{folder} lacks {file.name}, which its {INDEX} names; copy it there")
        with file.open("rb") as stream:
            if stream.read(len(_POINTER)) == _POINTER:
                raise TeacherError(f"{file} is git-lfs's pointer, not the weights; run `git lfs pull` where it is from")
        try:
            with safe_open(file, framework="pt"):
                pass
        except (SafetensorError, OSError) as error:
            raise TeacherError(f"{file} is damaged or not whole ({first_line(error)}); copy it again") from error


def _weights_of(folder: Path) -> list[Path]:
    whole = folder / WEIGHTS
    if whole.is_file():
        return [whole]
    named = read_json(folder / INDEX).get("weight_map")
    if not isinstance(named, dict) or not all(isinstance(name, str) for name in named.values()):
        raise TeacherError(f"{folder / INDEX} does not say which file holds which weight; copy it again")
    return [folder / Path(name).name for name in sorted(set(named.values()))]
