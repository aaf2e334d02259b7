"""Which layers of an encoder could go: those that give what they take in shape, by how little they are missed."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from compress.progress import Reporter
from compress.students.own_side.build import Skip, attentions
from compress.students.own_side.narrow import cut_heads
from compress.students.own_side.student import OwnStudent


def with_spare_layers(student: OwnStudent, pixels_NCHW: Tensor, reporter: Reporter) -> None:
    """Let the student's config say which layers may go, the least important first, and whether heads may; in place.

    A layer matters by how far the embedding of real pictures (0..1) turns where it is left out.
    """
    student.eval()
    whole = _look(student, pixels_NCHW)
    missed: dict[str, float] = {}
    names = _keep_shape(student)
    with reporter.bar("the teacher's layers are left out in turn", len(names)) as advance:
        for name in names:
            found = _tried(student, name, lambda: _look(student, pixels_NCHW))
            if found is not None and [g.shape for g in found] == [g.shape for g in whole]:
                missed[name] = float((1 - F.cosine_similarity(found[-1], whole[-1])).mean())
            advance()
    spare = tuple(sorted(missed, key=missed.__getitem__))
    student.config = msgspec.structs.replace(student.config, spare=_apart(spare), takes_heads=_takes_heads(student))


def _look(student: OwnStudent, pixels_NCHW: Tensor) -> list[Tensor]:
    with torch.no_grad():
        return student.trunk(pixels_NCHW)


def _tried(student: OwnStudent, name: str, look: Callable[[], list[Tensor]]) -> list[Tensor] | None:
    """What `look` gives without a layer; None where the model does not run then."""
    parent, _, key = name.rpartition(".")
    holder = student.get_submodule(parent)
    layer = holder.get_submodule(key)
    holder.add_module(key, Skip())
    try:
        return look()
    except Exception:  # a model may want anything of its layers; then this one stays
        return None
    finally:
        holder.add_module(key, layer)


def _keep_shape(student: OwnStudent) -> list[str]:
    """Layers of a list of like layers whose output is shaped as their input."""
    listed = [
        f"{name}.{key}"
        for name, holder in student.named_modules()
        if isinstance(holder, (nn.ModuleList, nn.Sequential))
        for key, layer in holder.named_children()
        if Counter(type(one) for one in holder)[type(layer)] > 1 and any(True for _ in layer.parameters())
    ]
    kept: list[str] = []

    def watch(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_: nn.Module, taken: Any, given: Any) -> None:
            if taken and isinstance(taken[0], Tensor) and isinstance(given, Tensor) and taken[0].shape == given.shape:
                kept.append(name)

        return hook

    hooks = [student.get_submodule(name).register_forward_hook(watch(name)) for name in listed]
    try:
        student.see_blank()
    finally:
        for one in hooks:
            one.remove()
    return kept


def _apart(names: tuple[str, ...]) -> tuple[str, ...]:
    """Without layers inside of, or around, one that goes before."""
    chosen: list[str] = []
    for name in names:
        if not any(name.startswith(f"{other}.") or other.startswith(f"{name}.") for other in chosen):
            chosen.append(name)
    return tuple(chosen)


def _takes_heads(student: OwnStudent) -> bool:
    """Whether the model still runs with a head less: some derive widths from their configuration."""
    trial = copy.deepcopy(student)
    found = attentions(trial.vision.model)
    if not found:
        return False
    for attention in found:
        cut_heads(attention, [0])
    try:
        trial.see_blank()
    except RuntimeError:
        return False
    return True
