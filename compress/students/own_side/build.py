"""Build: a teacher's image side from plain data: its Hugging Face configuration, layers left out, shapes of weights."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from transformers import initialization

from compress.errors import TeacherError
from compress.teachers.pretrained import first_line
from compress.teachers.teacher import forget_text_side

Shapes = Mapping[str, tuple[int, ...]]  # by the name of the weight

_PROJECTIONS = ("q_proj", "k_proj", "v_proj")
_HEAD_COUNTS = ("num_heads", "num_attention_heads")


class Skip(nn.Module):
    """A layer that was left out: what goes in comes out."""

    def forward(self, x: Tensor, *_args: Any, **_more: Any) -> Tensor:
        return x


def build_side(architecture: str, said: dict[str, Any]) -> nn.Module:
    """The image side of an architecture of transformers, its weights yet to be loaded. Raises TeacherError."""
    kind: Any = getattr(transformers, architecture, None)
    if not _is_model(kind):
        raise TeacherError(
            f"transformers knows no model {architecture}; take another teacher, or a student of another kind"
        )
    try:
        with initialization.no_init_weights():
            model: nn.Module = kind(kind.config_class.from_dict(said))
    except Exception as error:  # what a configuration may lack is transformers' to know
        raise TeacherError(f"cannot build {architecture} from its configuration: {first_line(error)}") from error
    forget_text_side(model)
    return model


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, transformers.PreTrainedModel)


def leave_out(root: nn.Module, names: Collection[str]) -> None:
    """Put `Skip` in the place of these layers, in place. Raises TeacherError for a layer that is not there."""
    for name in names:
        parent, _, key = name.rpartition(".")
        try:
            root.get_submodule(name)
        except AttributeError as error:
            raise TeacherError(f"the model has no layer {name} to leave out; its file is of another model") from error
        root.get_submodule(parent).add_module(key, Skip())


def resize(root: nn.Module, shapes: Shapes) -> None:
    """Give these weights other shapes, in place, and tell their modules. Raises TeacherError for unknown weights."""
    for name, shape in shapes.items():
        parent, _, key = name.rpartition(".")
        try:
            module = root.get_submodule(parent)
            old = getattr(module, key)
        except AttributeError as error:
            raise TeacherError(f"the model has no weight {name}; its file is of another model") from error
        empty = torch.zeros(shape, dtype=old.dtype)
        setattr(module, key, nn.Parameter(empty) if isinstance(old, nn.Parameter) else empty)
    for name in {name.rpartition(".")[0] for name in shapes}:
        _tell_size(root.get_submodule(name))
    for attention in attentions(root):
        tell_heads(attention)


def attentions(root: nn.Module) -> list[nn.Module]:
    """The attention modules of which whole heads can be taken: separate projections, as many heads in each."""
    return [module for module in root.modules() if _has_heads(module)]


def output_projection(attention: nn.Module) -> nn.Linear:
    found = getattr(attention, "o_proj", None) or getattr(attention, "out_proj", None)
    assert isinstance(found, nn.Linear)
    return found


def input_projections(attention: nn.Module) -> list[nn.Linear]:
    """Query, key and value."""
    return [attention.get_submodule(name) for name in _PROJECTIONS]  # type: ignore[misc]  # _has_heads saw them


def tell_heads(attention: nn.Module) -> None:
    """Let an attention module know how many heads it has left."""
    heads = input_projections(attention)[0].out_features // int(attention.head_dim)  # type: ignore[arg-type]
    for name in _HEAD_COUNTS:
        if hasattr(attention, name):
            setattr(attention, name, heads)


def _has_heads(module: nn.Module) -> bool:
    projections = [getattr(module, name, None) for name in _PROJECTIONS]
    out = getattr(module, "o_proj", None) or getattr(module, "out_proj", None)
    if not all(isinstance(p, nn.Linear) for p in (*projections, out)) or not isinstance(
        getattr(module, "head_dim", None), int
    ):
        return False
    widths = {p.out_features for p in projections if isinstance(p, nn.Linear)}
    return isinstance(out, nn.Linear) and widths == {out.in_features}


def _tell_size(module: nn.Module) -> None:
    """Let a module's attributes say what its weights say."""
    weight = module.weight
    if not isinstance(weight, Tensor):
        return
    if isinstance(module, nn.Linear):
        module.out_features, module.in_features = weight.shape
    elif isinstance(module, nn.Conv2d):
        depthwise = module.groups > 1 and weight.shape[1] == 1
        module.groups = len(weight) if depthwise else module.groups
        module.out_channels, module.in_channels = len(weight), weight.shape[1] * module.groups
    elif isinstance(module, nn.BatchNorm2d):
        module.num_features = len(weight)
