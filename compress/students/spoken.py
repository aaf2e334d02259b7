"""What each place of a grid adds to a linear reading of its pooled features.

The class activation maps of Zhou et al. 2016 ("Learning deep features for discriminative localization"). They are
exact: the places add up to the class's logit, less the bias.
"""

from __future__ import annotations

from torch import Tensor


def spoken_by_mean_and_maximum(grid_NChw: Tensor, weight_N2C: Tensor) -> Tensor:
    """How much each place adds to w . [mean(grid), max(grid)]: N x h x w, which sums to that product.

    A channel's mean is shared out evenly over the places; its maximum belongs to the place that has it (to all, evenly,
    where several do).
    """
    mean_NC11, maximum_NC11 = (w[:, :, None, None] for w in weight_N2C.chunk(2, dim=1))
    places = grid_NChw.shape[2] * grid_NChw.shape[3]
    has_it_NChw = (grid_NChw >= grid_NChw.amax((2, 3), keepdim=True)).to(grid_NChw.dtype)
    share_NChw = has_it_NChw / has_it_NChw.sum((2, 3), keepdim=True)
    return (grid_NChw * (mean_NC11 / places + maximum_NC11 * share_NChw)).sum(1)


def spoken_by_mean(grid_NChw: Tensor, weight_NC: Tensor) -> Tensor:
    """The same for w . mean(grid)."""
    places = grid_NChw.shape[2] * grid_NChw.shape[3]
    return (grid_NChw * weight_NC[:, :, None, None]).sum(1) / places
