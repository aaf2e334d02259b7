"""Muon: updates that are nearly orthogonal, and a loss that falls."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from compress.students.muon import Muon, orthogonalised


@pytest.mark.parametrize("shape", [(8, 200), (200, 8), (16, 40), (1, 9)])
def test_the_update_is_nearly_orthogonal(shape: tuple[int, int]) -> None:
    """All singular values near one, whatever they were, in wide and tall matrices: the quintic aims at 0.7 to 1.2."""
    torch.manual_seed(0)
    result = orthogonalised(torch.randn(shape) * torch.logspace(0, 2, shape[1]))
    assert result.shape == shape
    values = torch.linalg.svdvals(result)
    assert values.min() > 0.3
    assert values.max() < 1.3


def test_no_gradient_makes_no_update() -> None:
    """A dead layer must not turn into not-a-number."""
    assert torch.equal(orthogonalised(torch.zeros(4, 6)), torch.zeros(4, 6))


def test_a_convolutions_step_has_the_size_that_was_asked_for() -> None:
    """0.2 lr per weight (RMS), like AdamW's, so that one learning rate serves both."""
    torch.manual_seed(0)
    conv = nn.Conv2d(16, 32, 3, bias=False)
    before = conv.weight.detach().clone()
    conv(torch.randn(4, 16, 8, 8)).square().mean().backward()
    Muon(conv.parameters(), lr=0.01, weight_decay=0.0).step()
    rms = (conv.weight.detach() - before).square().mean().sqrt().item()
    assert rms == pytest.approx(0.2 * 0.01, rel=0.35)


def test_it_lowers_a_loss() -> None:
    """Regression to a random convolution: a tenth of the loss after forty steps."""
    torch.manual_seed(0)
    wanted, conv = nn.Conv2d(4, 8, 3, bias=False), nn.Conv2d(4, 8, 3, bias=False)
    x_NCHW = torch.randn(8, 4, 10, 10)
    optimiser = Muon(conv.parameters(), lr=0.05)
    losses = []
    for _ in range(40):
        loss = (conv(x_NCHW) - wanted(x_NCHW).detach()).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]
