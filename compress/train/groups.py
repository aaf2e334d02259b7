"""Which weights train, how fast, and which of them decay: by depth, for any architecture.

A model's depth is read from its own lists of blocks: what is registered before them is depth 0 (patch or token
embedding, stem), the blocks follow, and what comes after (last norm, pooler, projections) is the top.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from torch import nn


def layer_depths(model: nn.Module) -> dict[str, int]:
    """Parameter name -> distance from the top: 0 is the top, 1 the last block, the largest the embeddings.

    The towers of a dual encoder are measured each by itself.
    """
    distances = {name: 0 for name, _ in model.named_parameters()}
    for prefix, tower in _towers(model).items():
        distances |= {prefix + name: distance for name, distance in _distances(tower).items()}
    return distances


def freeze_base(model: nn.Module) -> int:
    """Leave only the top to train; returns how many numbers that is (0 where a model ends with its last block)."""
    distances = layer_depths(model)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(distances[name] == 0)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def parameter_groups(
    model: nn.Module, head: nn.Module, rate: float, weight_decay: float, layer_decay: float
) -> list[dict[str, Any]]:
    """Groups for AdamW: each layer below the top learns `layer_decay` times as fast as the one above it.

    After Clark et al. 2020 (ELECTRA) and Bao et al. 2021 (BEiT). Norms, biases and scales do not decay. Each
    group carries its highest rate as `peak`.
    """
    distances = layer_depths(model)
    grouped: defaultdict[tuple[float, float], list[nn.Parameter]] = defaultdict(list)
    named = [(p, distances[name]) for name, p in model.named_parameters()] + [(p, 0) for p in head.parameters()]
    for parameter, distance in named:
        if parameter.requires_grad:
            decay = weight_decay if parameter.dim() > 1 else 0.0
            grouped[rate * layer_decay**distance, decay].append(parameter)
    return [
        {"params": members, "lr": peak, "peak": peak, "weight_decay": decay}
        for (peak, decay), members in grouped.items()
    ]


def _towers(model: nn.Module) -> dict[str, nn.Module]:
    """The parts with a depth of their own: both towers of a dual encoder, else the whole model."""
    if not hasattr(model, "get_text_features"):
        return {"": model}
    stacked = {
        f"{name}.": child
        for name, child in model.named_children()
        if any(isinstance(module, nn.ModuleList) for module in child.modules())
    }
    return stacked or {"": model}


def _distances(tower: nn.Module) -> dict[str, int]:
    lists = {name for name, module in tower.named_modules() if isinstance(module, nn.ModuleList)}
    places = {name: _place(name, lists) for name, _ in tower.named_parameters()}
    blocks = {place: depth for depth, place in enumerate(sorted(set(places.values()) - {()}), start=1)}
    top = len(blocks) + 1
    distances, reached = {}, False
    for name, place in places.items():
        reached = reached or bool(place)
        distances[name] = top - blocks[place] if place else (0 if reached else top)
    return distances


def _place(name: str, lists: set[str]) -> tuple[int, ...]:
    """(block,) or (stage, block): the positions in lists of blocks on the way to a parameter, two at most."""
    parts = name.split(".")
    found = [int(part) for i, part in enumerate(parts) if part.isdigit() and ".".join(parts[:i]) in lists]
    return tuple(found[:2])
