"""The teacher: the image side of a Hugging Face model, behind one small module.

Dual encoders (CLIP, SigLIP, VisionTextDualEncoder, ...) and vision-only encoders (ViT, DINOv2, MobileNetV2,
ResNet, ConvNeXt, ...) go through the same door. Weights come from safetensors only, `trust_remote_code` stays off,
and a local folder is never looked up on the network.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch
import transformers
from torch import Tensor, nn

from compress.errors import TeacherError

_NOT_SEEN_WITH = ("text_", "logit_")  # the parts of a dual encoder that the image side does not use
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")


class Preprocessing(msgspec.Struct, frozen=True):
    """What the teacher expects: input size in pixels, and mean and std of RGB in 0..1."""

    height: int
    width: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Teacher:
    """A loaded teacher. `vision` is the module to run or export; `dim` the length of its image embedding."""

    name: str
    architecture: str
    vision: TeacherVision
    preprocessing: Preprocessing
    dim: int
    files: tuple[Path, ...]


class TeacherVision(nn.Module):
    """uint8 BGR pictures -> image embedding, and two grids of patch features.

    image_NHWC uint8 -> pooled_ND, middle_NCHW (from half the encoder's depth), deep_NCHW (three quarters).
    The middle grid is what a small convolutional student can learn best: local texture, not yet class.
    """

    mean_C11: Tensor
    std_C11: Tensor

    def __init__(self, model: nn.Module, preprocessing: Preprocessing, has_pooler: bool = True) -> None:
        super().__init__()
        self.model = model
        self.has_pooler = has_pooler
        self.tower = getattr(model, "vision_model", model)
        self.register_buffer("mean_C11", 255 * torch.tensor(preprocessing.mean).view(3, 1, 1))
        self.register_buffer("std_C11", 255 * torch.tensor(preprocessing.std).view(3, 1, 1))
        self._patch = _patch_size(self.tower)

    def forward(self, image_NHWC: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rgb_NCHW = image_NHWC.permute(0, 3, 1, 2).flip(1).float()
        pixels_NCHW = (rgb_NCHW - self.mean_C11) / self.std_C11
        out = self.tower(pixel_values=pixels_NCHW, output_hidden_states=True)
        states = out.hidden_states
        middle = self._grid(states[round(0.5 * (len(states) - 1))], pixels_NCHW)
        deep = self._grid(states[round(0.75 * (len(states) - 1))], pixels_NCHW)
        return self._pooled(out), middle, deep

    def _pooled(self, out: Any) -> Tensor:
        pooled = getattr(out, "pooler_output", None) if self.has_pooler else None
        if pooled is None:
            last = out.last_hidden_state
            pooled = last.mean((2, 3)) if last.dim() == 4 else last.mean(1)
        pooled_ND: Tensor = pooled.flatten(1)
        projection = getattr(self.model, "visual_projection", None)
        projected: Tensor = pooled_ND if projection is None else projection(pooled_ND)
        return projected

    def _grid(self, state: Tensor, pixels_NCHW: Tensor) -> Tensor:
        """A hidden state as a grid: convolutional ones are one already, tokens lose their class tokens."""
        if state.dim() == 4:
            return state
        rows, columns = (side // self._patch for side in pixels_NCHW.shape[-2:])
        patches_NTC = state[:, state.shape[1] - rows * columns :]
        batch, channels = state.shape[0], state.shape[2]  # not len(): that would fix the exported graph's batch size
        return patches_NTC.transpose(1, 2).reshape(batch, channels, rows, columns)


def load_teacher(name: str) -> Teacher:
    """Load a teacher from a folder, or by its Hugging Face name. Raises TeacherError with what is missing."""
    folder = Path(name)
    is_local = folder.is_dir()
    if is_local:
        _check_folder(folder)
    elif folder.is_absolute() or name.startswith(("./", "../", "~")):
        raise TeacherError(
            f"there is no teacher folder {name}; give a Hugging Face folder with config.json and weights"
        )
    model, has_pooler = _load_model(name, is_local)
    preprocessing = _read_preprocessing(folder, model)
    vision = TeacherVision(model, preprocessing, has_pooler).eval()
    return Teacher(
        name=folder.name if is_local else name,
        architecture=type(model).__name__,
        vision=vision,
        preprocessing=preprocessing,
        dim=_embedding_dim(vision, preprocessing),
        files=tuple(sorted([*folder.glob("*.safetensors"), *folder.glob("*.json")])) if is_local else (),
    )


def _check_folder(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise TeacherError(f"{folder} is not a Hugging Face model folder: it has no config.json")
    if any((folder / name).is_file() for name in _WEIGHTS):
        return
    if list(folder.glob("*.bin")):
        raise TeacherError(
            f"{folder} has its weights only as a pickle (*.bin), which can run code; "
            "save it again with model.save_pretrained(folder), which writes model.safetensors"
        )
    raise TeacherError(f"{folder} has no weights (model.safetensors); copy them there, or save the model again")


def _load_model(name: str, is_local: bool) -> tuple[nn.Module, bool]:
    """The model, and whether its pooler was trained: a checkpoint of a classifier comes without one."""
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model, told = transformers.AutoModel.from_pretrained(
                name,
                local_files_only=is_local,
                use_safetensors=True,
                trust_remote_code=False,
                dtype=torch.float32,
                output_loading_info=True,
            )
    except Exception as error:  # transformers raises almost anything for a folder it cannot use
        raise TeacherError(f"cannot load the teacher {name}: {_first_line(error)}") from error
    assert isinstance(model, nn.Module)
    missing = sorted(key for key in told["missing_keys"] if not key.startswith(_NOT_SEEN_WITH))
    untrained = [key for key in missing if "pooler." not in key]
    if untrained:
        raise TeacherError(
            f"the weights of {name} do not fit its config.json: {len(untrained)} are missing, such as {untrained[0]}; "
            "copy both files again from one model"
        )
    return model.eval().requires_grad_(False), not missing


def _read_preprocessing(folder: Path, model: nn.Module) -> Preprocessing:
    """Size, mean and std from preprocessor_config.json; where it is absent, the model's own size and ImageNet's.

    The whole picture is stretched to the teacher's size, also where its own recipe crops the centre: a defect at
    the edge must stay in view.
    """
    size = _image_size(model)
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    file = folder / "preprocessor_config.json"
    if file.is_file():
        try:
            said = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise TeacherError(f"{file} is not valid JSON: {error}") from error
        mean, std = tuple(said.get("image_mean") or mean), tuple(said.get("image_std") or std)
        size = size or _size_said(said)
    height, width = size or (224, 224)
    if len(mean) != 3 or len(std) != 3:
        raise TeacherError(f"{file}: image_mean and image_std must have three numbers, one per colour")
    return Preprocessing(height, width, (mean[0], mean[1], mean[2]), (std[0], std[1], std[2]))


def _image_size(model: nn.Module) -> tuple[int, int] | None:
    config: Any = model.config
    config = getattr(config, "vision_config", config)
    size = getattr(config, "image_size", None)
    if isinstance(size, int):
        return size, size
    return (int(size[0]), int(size[1])) if size else None


def _size_said(said: dict[str, Any]) -> tuple[int, int] | None:
    size = said.get("crop_size") or said.get("size")
    if isinstance(size, int):
        return size, size
    if isinstance(size, dict) and "height" in size and "width" in size:
        return int(size["height"]), int(size["width"])
    if isinstance(size, dict) and "shortest_edge" in size:
        return int(size["shortest_edge"]), int(size["shortest_edge"])
    return None


def _patch_size(tower: nn.Module) -> int:
    config: Any = getattr(tower, "config", None)
    patch = getattr(config, "patch_size", 1)
    return int(patch[0] if isinstance(patch, (list, tuple)) else patch or 1)


def _embedding_dim(vision: TeacherVision, preprocessing: Preprocessing) -> int:
    blank = torch.zeros(1, preprocessing.height, preprocessing.width, 3, dtype=torch.uint8)
    try:
        with torch.inference_mode():
            pooled_ND, _, _ = vision(blank)
    except Exception as error:  # any model class may land here; say which one could not be used
        kind = type(vision.model).__name__
        raise TeacherError(f"{kind} gives no image features that edgevl can use: {_first_line(error)}") from error
    return int(pooled_ND.shape[1])


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
