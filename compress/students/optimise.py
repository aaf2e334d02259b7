"""How weights are updated: Muon for kernels, AdamW for the rest, one cycle of learning rate (Smith & Topin 2018)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from compress.students.muon import Muon

_WARM_UP = 0.15  # share of the steps in which the rate rises


class OneCycle:
    """Minimises a loss over exactly `steps` steps, at a learning rate that rises to `peak` and falls to nothing."""

    def __init__(self, parameters: Iterable[nn.Parameter], peak: float, steps: int) -> None:
        self._parameters = list(parameters)
        kernels = [p for p in self._parameters if p.dim() == 4]
        others = [p for p in self._parameters if p.dim() != 4]
        self._optimisers: list[torch.optim.Optimizer] = [torch.optim.AdamW(others, peak, weight_decay=0.0)]
        if kernels:
            self._optimisers.insert(0, Muon(kernels, peak))
        self._rates = [
            torch.optim.lr_scheduler.OneCycleLR(o, peak, total_steps=steps, pct_start=_WARM_UP, cycle_momentum=False)
            for o in self._optimisers
        ]

    def step(self, loss: Tensor) -> None:
        """One update downhill."""
        for parameter in self._parameters:
            parameter.grad = None
        loss.backward()  # type: ignore[no-untyped-call]  # torch's stub
        for optimiser, rate in zip(self._optimisers, self._rates, strict=True):
            optimiser.step()
            rate.step()
