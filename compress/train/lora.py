"""LoRA (Hu et al. 2021): small matrices beside the frozen weights, added into them at the end."""

from __future__ import annotations

from typing import Any

import peft
from torch import nn

from compress.errors import TeacherError


def add_lora(model: nn.Module, rank: int, dropout: float) -> peft.PeftModel:
    """Freeze the model and put adapters into it, in place; keep what is returned for `merge_lora`.

    Into every linear layer, and every convolution that is not depthwise. Raises TeacherError where there is none.
    """
    targets = _targets(model)
    if not targets:
        raise TeacherError(f"{type(model).__name__} has no layer that LoRA can adapt; use --layer-decay instead")
    config = peft.LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=dropout, target_modules=targets)
    adapted = peft.PeftModel(model, config)
    for module in model.modules():
        if isinstance(module, peft.tuners.lora.LoraLayer):
            _show_geometry(module)
    return adapted


def merge_lora(adapted: peft.PeftModel) -> None:
    """Add the adapters into the weights they stand beside, in place: the model is an ordinary one again."""
    adapted.merge_and_unload()


def _show_geometry(layer: Any) -> None:
    """Some models ask a convolution for its stride, to pad by it; the adapter in its place must answer."""
    base = layer.get_base_layer()
    if isinstance(base, nn.Conv2d):
        for name in ("kernel_size", "stride", "padding", "dilation", "groups"):
            setattr(layer, name, getattr(base, name))


def _targets(model: nn.Module) -> list[str]:
    """By full name, as the same short name may mean another kind of layer elsewhere in the model."""
    inside_attention = tuple(f"{n}." for n, m in model.named_modules() if isinstance(m, nn.MultiheadAttention))
    return [
        name
        for name, module in model.named_modules()
        if (type(module) is nn.Linear or (type(module) is nn.Conv2d and module.groups == 1))
        and not (inside_attention and name.startswith(inside_attention))  # its weights are used past the layer
    ]
