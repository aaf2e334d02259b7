"""How much of a model's arithmetic one picture takes, found by letting it see one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor, nn


def multiply_adds(modules: Iterable[nn.Module], see: Callable[[], object]) -> int:
    """Of the convolutions and linear layers among `modules` while `see` runs; not of the products inside attention."""
    total = 0

    def count(module: nn.Module, _: Any, out: Tensor) -> None:
        nonlocal total
        assert isinstance(module, (nn.Conv2d, nn.Linear))
        total += out.numel() * module.weight[0].numel()

    hooks = [layer.register_forward_hook(count) for layer in modules if isinstance(layer, (nn.Conv2d, nn.Linear))]
    try:
        see()
    finally:
        for hook in hooks:
            hook.remove()
    return total
