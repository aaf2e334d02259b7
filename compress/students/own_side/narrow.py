"""Narrow: take attention heads, hidden units, channels and whole layers out of the teacher's image side.

Channels follow dependencies between layers (Fang et al. 2023, "DepGraph"; torch-pruning), heads go whole (Michel et
al. 2019, "Are sixteen heads really better than one?"). Which go is said by first-order Taylor importance (Molchanov et
al. 2019). The embedding keeps its width, as do the residual streams of transformers and ConvNeXt.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from math import floor

import msgspec
import torch
import torch_pruning as tp
from torch import Tensor, nn

from compress.errors import TeacherError
from compress.quiet import quiet
from compress.students.distil import Lesson
from compress.students.own_side.build import attentions, input_projections, leave_out, output_projection, tell_heads
from compress.students.own_side.student import OwnConfig, OwnStudent
from compress.students.prune import Traceable, collect_gradients
from compress.teachers.pretrained import first_line

_MULTIPLE = 8  # channels in eights: what int8 kernels and tensor cores work on
_LAYERS = 0.5  # layers go at half the share: with a layer its heads and its units go too

Width = Callable[[str, int], int]  # of the name of a weight and its rows: how many of them stay
Importance = Callable[[tp.Group], Tensor]


def thinned(student: OwnStudent, share: float) -> OwnStudent:
    """A copy with about `share` (0..1) of its heads, units and channels gone, and half as large a share of layers.

    Only its shape is meant: what goes is not chosen.
    """
    spare = student.config.spare
    left_out = spare[: floor(_LAYERS * share * len(spare) + 1e-9)]
    dims = _head_dims(student)

    def width(name: str, rows: int) -> int:
        unit = dims.get(name)
        if unit is not None:
            return unit * max(1, round(rows // unit * (1 - share)))
        return min(rows, max(_MULTIPLE, _MULTIPLE * round(rows * (1 - share) / _MULTIPLE)))

    smaller = copy.deepcopy(student)
    return _narrowed(smaller, left_out, width, None)


def pruned(student: OwnStudent, target: OwnStudent, lesson: Lesson, seed: int) -> OwnStudent:
    """A new student of the target's shape; what matters least is gone."""
    rows = {name: len(weight) for name, weight in target.state_dict().items() if weight.dim()}
    smaller = copy.deepcopy(student)
    leave_out(smaller, _new_gaps(smaller.config, target.config.left_out))
    collect_gradients(Traceable(smaller).train(), lesson, seed)
    for weight in smaller.parameters():
        if weight.grad is None:  # nothing that is taught depends on it
            weight.grad = torch.zeros_like(weight)
    done = _narrowed(smaller.eval(), target.config.left_out, lambda name, now: rows.get(name, now), _taylor)
    done.zero_grad(set_to_none=True)
    return done


def cut_heads(attention: nn.Module, gone: list[int]) -> None:
    """Take heads, by their number, out of an attention module, in place."""
    size = int(attention.head_dim)  # type: ignore[arg-type]  # an int, as `attentions` saw
    rows = [head * size + row for head in gone for row in range(size)]
    for projection in input_projections(attention):
        tp.prune_linear_out_channels(projection, rows)
    tp.prune_linear_in_channels(output_projection(attention), rows)
    tell_heads(attention)


def _narrowed(
    student: OwnStudent, left_out: tuple[str, ...], width: Width, importance: Importance | None
) -> OwnStudent:
    """The student without these layers, heads and channels, in place, and its config."""
    before = student.config
    leave_out(student, _new_gaps(before, left_out))
    was = {name: tuple(weight.shape) for name, weight in student.state_dict().items()}
    if before.takes_heads:
        _cut_all_heads(student, width, by_gradient=importance is not None)
    _cut_channels(student, width, importance)
    now = {name: tuple(weight.shape) for name, weight in student.state_dict().items()}
    changed = {name: shape for name, shape in now.items() if name in before.shapes or shape != was[name]}
    layers, _ = _checked(student)
    channels = (layers[0].shape[1], layers[1].shape[1], layers[2].shape[1])
    student.config = msgspec.structs.replace(before, left_out=left_out, shapes=changed, channels=channels)
    return student


def _checked(student: OwnStudent) -> tuple[list[Tensor], tuple[Tensor, Tensor, Tensor]]:
    try:
        return student.see_blank()
    except Exception as error:  # an architecture that edgevl has not met may depend on its widths anywhere
        kind = student.config.architecture
        raise TeacherError(f"{kind} does not run once it is pruned ({first_line(error)}); use --prune 0") from error


def _new_gaps(config: OwnConfig, left_out: tuple[str, ...]) -> list[str]:
    return [name for name in left_out if name not in config.left_out]


def _head_dims(student: OwnStudent) -> dict[str, int]:
    """The rows of a head, by the name of the query's weight."""
    with_heads = set(attentions(student))
    return {
        f"{name}.q_proj.weight": int(module.head_dim)
        for name, module in student.named_modules()
        if module in with_heads
    }


def _cut_all_heads(student: OwnStudent, width: Width, *, by_gradient: bool) -> None:
    for name, size in _head_dims(student).items():
        attention = student.get_submodule(name.removesuffix(".q_proj.weight"))
        heads = input_projections(attention)[0].out_features // size
        gone = heads - width(name, heads * size) // size
        if gone > 0:
            score_H = _of_heads(attention, heads) if by_gradient else torch.arange(heads)
            cut_heads(attention, score_H.argsort()[:gone].tolist())


def _of_heads(attention: nn.Module, heads: int) -> Tensor:
    """What the loss would change by, without each head."""
    score_H = torch.zeros(heads)
    for projection in (*input_projections(attention), output_projection(attention)):
        assert projection.weight.grad is not None
        change = (projection.weight * projection.weight.grad).detach().abs()
        by_row = change.sum(0) if projection is output_projection(attention) else change.sum(1)
        score_H += by_row.reshape(heads, -1).sum(1)
    return score_H


def _taylor(group: tp.Group) -> Tensor:
    score_C: Tensor = tp.importance.GroupTaylorImportance()(group)
    return score_C


def _cut_channels(student: OwnStudent, width: Width, importance: Importance | None) -> None:
    size = student.config.input
    names = {module: name for name, module in student.named_modules()}
    heads = [p for a in attentions(student) for p in (*input_projections(a), output_projection(a))]
    try:
        with quiet():  # it warns of weights that belong to no layer; those are never pruned here
            example = torch.zeros(1, 3, size.height, size.width)
            graph = tp.DependencyGraph().build_dependency(Traceable(student), example)
        groups = list(_free_groups(graph, student, heads))
    except Exception as error:  # as in _checked
        kind = student.config.architecture
        raise TeacherError(f"{kind} cannot be pruned ({first_line(error)}); use --prune 0") from error
    for root, group in groups:
        rows = len(root.weight)
        gone = rows - width(f"{names[root]}.weight", rows)
        if gone > 0:
            score_C = importance(group) if importance else torch.arange(rows)
            worst = score_C.argsort()[:gone].tolist()
            graph.get_pruning_group(root, graph.get_pruner_of_module(root).prune_out_channels, worst).prune()


def _free_groups(
    graph: tp.DependencyGraph, student: OwnStudent, attention: list[nn.Linear]
) -> Iterator[tuple[nn.Conv2d | nn.Linear, tp.Group]]:
    """Groups of channels that may go, each with the layer that makes them: no stream, no embedding, no output."""
    fixed = [student.classify, student.map_out, *attention]
    for group in graph.get_all_groups(ignored_layers=fixed):
        root = group[0].dep.target.module
        touched = {dep.target.module for dep, _ in group}
        is_stream = any(isinstance(module, (nn.LayerNorm, nn.Parameter, nn.MultiheadAttention)) for module in touched)
        is_grouped = any(isinstance(m, nn.Conv2d) and 1 < m.groups < m.out_channels for m in touched)
        is_outside = isinstance(root, nn.Linear) and not _is_hidden(root, touched)
        if not (is_stream or is_grouped or is_outside or student.classify in touched):
            yield root, group


def _is_hidden(root: nn.Linear, touched: set[nn.Module]) -> bool:
    """Whether a linear layer makes hidden units: more than it reads, and all read as they are.

    Projections of attention, also a fused one, are not: their rows belong to heads.
    """
    readers = [m for m in touched if isinstance(m, nn.Linear) and m.out_features != root.out_features]
    return root.out_features > root.in_features and all(m.in_features == root.out_features for m in readers)
