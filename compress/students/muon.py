"""Muon: momentum whose every update is made orthogonal, for the weights of convolutions.

Keller Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks". torch.optim.Muon takes
matrices only; a convolution's weight is flattened to (out, in * kernel) here. On a student trained from scratch it
needs a fraction of the steps that AdamW does (docs/decisions).
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # the paper's quintic: fastest slope at zero, not exact convergence


class Muon(torch.optim.Optimizer):
    """Updates 2-D and 4-D weights. lr is the RMS size of an update relative to AdamW's (Liu et al. 2025)."""

    def __init__(
        self, params: Iterable[nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.05
    ) -> None:
        super().__init__(list(params), {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One update; gradients must be there."""
        assert closure is None
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._update(weight, group["lr"], group["momentum"], group["weight_decay"])

    def _update(self, weight: Tensor, lr: float, momentum: float, weight_decay: float) -> None:
        assert weight.grad is not None
        state = self.state[weight]
        average = state.setdefault("average", torch.zeros_like(weight))
        average.lerp_(weight.grad, 1 - momentum)
        nesterov = weight.grad.lerp(average, momentum)
        matrix = orthogonalised(nesterov.reshape(len(weight), -1))
        size = 0.2 * max(matrix.shape) ** 0.5
        weight.mul_(1 - lr * weight_decay).add_(matrix.reshape(weight.shape), alpha=-lr * size)


def orthogonalised(matrix_MN: Tensor, steps: int = 5) -> Tensor:
    """Nearly the orthogonal factor of a matrix: all singular values close to one, by Newton-Schulz iteration."""
    a, b, c = _NEWTON_SCHULZ
    wide = matrix_MN.shape[0] <= matrix_MN.shape[1]
    x = matrix_MN if wide else matrix_MN.T
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    orthogonal: Tensor = x if wide else x.T
    return orthogonal
