"""The grids of features along the teacher's depth: which are read, and how they are made to fit."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def three_of(grids: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """The grids at half and three quarters of the depth, and the last."""
    last = len(grids) - 1
    return grids[round(0.5 * last)], grids[round(0.75 * last)], grids[last]


def level(grid_NCHW: Tensor) -> Tensor:
    """Every place at mean 0 and variance 1 over its channels: transformers keep a few channels far above the rest."""
    return F.layer_norm(grid_NCHW.permute(0, 2, 3, 1), (grid_NCHW.shape[1],)).permute(0, 3, 1, 2)


def fit_grid(grid_NCHW: Tensor, size: tuple[int, int]) -> Tensor:
    return grid_NCHW if grid_NCHW.shape[2:] == size else F.adaptive_avg_pool2d(grid_NCHW, size)
