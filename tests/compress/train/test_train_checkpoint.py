"""A saved epoch comes back as it was, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from compress.train.checkpoint import (
    Checkpoint,
    EpochScore,
    Progress,
    load_checkpoint,
    optimiser_tensors,
    restore_optimiser,
    save_checkpoint,
)


def _score(epoch: int, head: float = 0.5, loss: float = 1.0, zero_shot: float | None = None) -> EpochScore:
    return EpochScore(epoch, None if epoch == 0 else 2.0, head, zero_shot, loss)


def _checkpoint(epoch: int) -> Checkpoint:
    weights = {"a.weight": torch.full((3, 2), float(epoch)), "a.bias": torch.zeros(3)}
    scores = tuple(_score(e) for e in range(epoch + 1))
    return Checkpoint(Progress("key", scores, {"scale": 2.0}), weights, weights, {"0.step": torch.tensor(4.0)})


def test_only_the_last_epoch_stays(tmp_path: Path) -> None:
    """Two saves leave one folder, and it holds the second."""
    for epoch in (1, 2):
        save_checkpoint(tmp_path, _checkpoint(epoch))
    assert [p.name for p in tmp_path.iterdir()] == ["epoch-0002"]
    back = load_checkpoint(tmp_path, "key")
    assert back is not None
    assert back.progress == _checkpoint(2).progress
    assert torch.equal(back.last["a.weight"], torch.full((3, 2), 2.0))


def test_another_runs_epoch_is_not_taken(tmp_path: Path) -> None:
    """Other data, options or teacher: another key."""
    save_checkpoint(tmp_path, _checkpoint(1))
    assert load_checkpoint(tmp_path, "other") is None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    file=st.sampled_from(["state.json", "last.safetensors", "best.safetensors", "optimiser.safetensors"]),
    keep=st.integers(min_value=0, max_value=60),
    noise=st.binary(max_size=20),
)
def test_a_damaged_epoch_is_passed_over(tmp_path: Path, file: str, keep: int, noise: bytes) -> None:
    """Cut short or overwritten anywhere near its head, it never stops the run and is never half taken."""
    save_checkpoint(tmp_path, _checkpoint(1))
    path = tmp_path / "epoch-0001" / file
    whole = path.read_bytes()
    path.write_bytes(whole[:keep] + noise)
    back = load_checkpoint(tmp_path, "key")
    assert back is None or path.read_bytes() == whole


def test_a_restored_optimiser_goes_on_as_if_never_stopped() -> None:
    """AdamW's next step after a round trip equals the step without one."""

    def steps(model: nn.Linear, optimiser: torch.optim.Optimizer, seeds: range) -> None:
        for seed in seeds:
            x = torch.randn(4, 3, generator=torch.Generator().manual_seed(seed))
            optimiser.zero_grad()
            model(x).square().sum().backward()
            optimiser.step()

    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    optimiser = torch.optim.AdamW(model.parameters(), 0.1)
    steps(model, optimiser, range(3))
    twin = nn.Linear(3, 2)
    twin.load_state_dict(model.state_dict())
    restored = torch.optim.AdamW(twin.parameters(), 0.1)
    restore_optimiser(restored, {name: value.clone() for name, value in optimiser_tensors(optimiser).items()})
    steps(model, optimiser, range(3, 5))
    steps(twin, restored, range(3, 5))
    assert torch.equal(model.weight, twin.weight)


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ((_score(0, 0.9), _score(1, 0.95), _score(2, 0.95)), 1),
        ((_score(0, 0.9, loss=1.0), _score(1, 0.9, loss=0.5)), 1),
        ((_score(0, 1.0, zero_shot=0.2), _score(1, 0.9, zero_shot=0.8)), 1),
        ((_score(0, 0.9), _score(1, 0.8, loss=0.1)), 0),
    ],
)
def test_the_best_epoch(scores: tuple[EpochScore, ...], best: int) -> None:
    """Told apart first, then how surely; head and sentences count alike; epoch 0 wins where training did not help."""
    assert Progress("key", scores).best.epoch == best
