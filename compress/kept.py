"""A trained model on disk: its configuration as JSON and its weights as safetensors, plain data and no pickle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from compress.errors import TeacherError
from compress.teachers.pretrained import first_line

_CONFIG, _WEIGHTS = "model.json", "model.safetensors"

Config = TypeVar("Config", bound=msgspec.Struct)
Model = TypeVar("Model", bound=nn.Module)


def keep(config: msgspec.Struct, tensors: Mapping[str, Tensor], folder: Path) -> None:
    """Write `model.json` and `model.safetensors`."""
    (folder / _CONFIG).write_bytes(msgspec.json.format(msgspec.json.encode(config)))
    save_file({name: tensor.clone().contiguous() for name, tensor in tensors.items()}, folder / _WEIGHTS)


def kept(folder: Path, config_type: type[Config], rebuild: Callable[[Config, dict[str, Tensor]], Model]) -> Model:
    """What `keep` left. Raises TeacherError where a file is missing, damaged, or of another model."""
    try:
        config = msgspec.json.decode((folder / _CONFIG).read_bytes(), type=config_type)
        return rebuild(config, load_file(folder / _WEIGHTS))
    except (OSError, msgspec.DecodeError, SafetensorError, TeacherError) as error:
        raise TeacherError(
            f"the model in {folder} cannot be used: {first_line(error)}; delete the folder and start the run again"
        ) from error


def filled(model: Model, tensors: Mapping[str, Tensor]) -> Model:
    """The model with these weights, ready to answer. Raises TeacherError where they do not fit it."""
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise TeacherError(f"the weights do not fit the configuration: {first_line(error)}") from error
    return model.eval()
