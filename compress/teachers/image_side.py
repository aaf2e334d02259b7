"""The image side of a teacher: found by what a model's methods take, not by its name, and run on uint8 pictures.

Dual encoders give their projected image embedding; encoders that only see give their pooled output; of a model that
writes (LLaVA, BLIP-2, ...) the encoder inside it is taken.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from torch import Tensor, nn

from compress.errors import TeacherError
from compress.teachers.teacher_input import Preprocessing, patch_side

_TEXT_INPUTS = {"input_ids", "decoder_input_ids"}


@dataclass(frozen=True, slots=True)
class ImageSide:
    """The module that sees. is_dual: its embedding is that of `get_image_features`, comparable with text."""

    module: nn.Module
    is_dual: bool


def is_dual(model: nn.Module) -> bool:
    """Whether images and sentences share a space here: both features, and a learned scale between them.

    Models that write offer both methods too, but never compare the two.
    """
    learned = {name for name, _ in model.named_parameters(recurse=False)}
    has_both = hasattr(model, "get_image_features") and hasattr(model, "get_text_features")
    return has_both and bool(learned & {"logit_scale", "temperature"})


def find_image_side(model: nn.Module) -> ImageSide:
    """The part of a model that turns pixels into features. Raises TeacherError where there is none."""
    if is_dual(model):
        return ImageSide(model, is_dual=True)
    for module in model.modules():  # the outermost first
        if isinstance(module, transformers.PreTrainedModel) and _only_sees(module):
            return ImageSide(module, is_dual=False)
    raise TeacherError(f"{type(model).__name__} has no image encoder that edgevl can find; take a model that sees")


def _only_sees(module: nn.Module) -> bool:
    takes = inspect.signature(module.forward).parameters
    return "pixel_values" in takes and not _TEXT_INPUTS & set(takes)


class TeacherVision(nn.Module):
    """uint8 BGR pictures -> image embedding, and two grids of patch features.

    image_NHWC uint8 -> pooled_ND, middle_NCHW (from half the encoder's depth), deep_NCHW (three quarters).
    The middle grid is what a small convolutional student can learn best: local texture, not yet class.
    """

    mean_C11: Tensor
    std_C11: Tensor

    def __init__(self, side: ImageSide, preprocessing: Preprocessing, has_pooler: bool = True) -> None:
        super().__init__()
        self.model = side.module
        self.is_dual = side.is_dual
        self.has_pooler = has_pooler
        self.is_bgr = preprocessing.is_bgr
        self.register_buffer("mean_C11", 255 * torch.tensor(preprocessing.mean).view(3, 1, 1))
        self.register_buffer("std_C11", 255 * torch.tensor(preprocessing.std).view(3, 1, 1))
        self._patch = patch_side(self.model.config)
        self._takes = set(inspect.signature(self._features).parameters)

    def forward(self, image_NHWC: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        pooled_ND, grids = self.see(image_NHWC.permute(0, 3, 1, 2).float())
        return pooled_ND, *_two_of(grids)

    def middle_and_deep(self, levels_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        """BGR levels, 0..255 in float -> the two grids alone."""
        return _two_of(self.see(levels_NCHW)[1])

    def see(self, levels_NCHW: Tensor) -> tuple[Tensor, list[Tensor]]:
        """BGR levels, 0..255 in float -> pooled_ND and every grid of patch features (NCHW), by depth."""
        out = self.look(levels_NCHW)
        rows, columns = (side // self._patch for side in levels_NCHW.shape[-2:])
        grids = [grid for state in _states(out) if (grid := _grid(state, rows, columns)) is not None]
        if not grids:
            raise TeacherError(f"{type(self.model).__name__} keeps no grid of patches that edgevl can read")
        return self.pooled(out), grids

    def look(self, levels_NCHW: Tensor) -> Any:
        """BGR levels, 0..255 in float -> what the model itself gives."""
        colours_NCHW = levels_NCHW if self.is_bgr else levels_NCHW.flip(1)
        pixels_NCHW = (colours_NCHW - self.mean_C11) / self.std_C11
        return self._features(**self._inputs(pixels_NCHW), output_hidden_states=True)

    @property
    def _features(self) -> Any:
        return self.model.get_image_features if self.is_dual else self.model.forward

    def _inputs(self, pixels_NCHW: Tensor) -> Mapping[str, Tensor]:
        return (
            as_patches(pixels_NCHW, self._patch) if "spatial_shapes" in self._takes else {"pixel_values": pixels_NCHW}
        )

    def pooled(self, out: Any) -> Tensor:
        """The image embedding, N x D, of what `look` gives."""
        pooled = getattr(out, "pooler_output", None) if self.has_pooler else None
        if pooled is None:
            last = out.last_hidden_state
            pooled = last.mean((2, 3)) if last.dim() == 4 else last.mean(1)
        return one_vector(pooled)


def _two_of(grids: list[Tensor]) -> tuple[Tensor, Tensor]:
    """The grids at half and at three quarters of the depth."""
    return grids[round(0.5 * (len(grids) - 1))], grids[round(0.75 * (len(grids) - 1))]


def one_vector(pooled: Tensor) -> Tensor:
    """N x D of a pooled output: some models leave 1 x 1 behind it, FLAVA projects every token (the first counts)."""
    return pooled[:, 0] if pooled.dim() == 3 else pooled.flatten(1)


def as_patches(pixels_NCHW: Tensor, side: int) -> dict[str, Tensor]:
    """Pictures as SigLIP 2's NaFlex models take them: flattened patches, their mask, and the rows and columns."""
    batch, channels, height, width = pixels_NCHW.shape
    rows, columns = height // side, width // side
    grid = pixels_NCHW.reshape(batch, channels, rows, side, columns, side).permute(0, 2, 4, 3, 5, 1)
    patches_NPE = grid.reshape(batch, rows * columns, side * side * channels)
    return {
        "pixel_values": patches_NPE,
        "pixel_attention_mask": torch.ones(batch, rows * columns, dtype=torch.int32, device=pixels_NCHW.device),
        "spatial_shapes": torch.tensor([[rows, columns]], device=pixels_NCHW.device).expand(batch, 2),
    }


def _states(out: Any) -> tuple[Tensor, ...]:
    """Hidden states by depth; hierarchical transformers (Swin) also offer them as grids."""
    states = getattr(out, "reshaped_hidden_states", None) or out.hidden_states
    return tuple(states)


def _grid(state: Tensor, rows: int, columns: int) -> Tensor | None:
    """A hidden state as a grid: convolutional ones are one already, tokens lose their class tokens.

    None where there are fewer tokens than patches: they were grouped, and their places are lost.
    """
    if state.dim() == 4:
        return state if state.shape[2] * columns == state.shape[3] * rows else state.permute(0, 3, 1, 2)  # Hiera: NHWC
    if state.shape[1] < rows * columns:
        return None
    patches_NTC = state[:, state.shape[1] - rows * columns :]
    batch, channels = state.shape[0], state.shape[2]  # not len(): that would fix the exported graph's batch size
    return patches_NTC.transpose(1, 2).reshape(batch, channels, rows, columns)
