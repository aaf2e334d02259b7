"""A run's state after each epoch, so that Ctrl-C costs one epoch at most: safetensors and JSON, no pickle.

One folder per epoch, renamed into place when all in it is on disk; the one before goes only then.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

_STATE = "state.json"


@dataclass(frozen=True, slots=True)
class EpochScore:
    """Validation after an epoch (0: before any). zero_shot: None for a teacher without text.

    head, zero_shot: macro-F1 of the class head and of the sentences. loss: of the head, cross-entropy.
    """

    epoch: int
    train_loss: float | None
    head: float
    zero_shot: float | None
    loss: float

    @property
    def rank(self) -> tuple[float, float]:
        """Higher is better: what is told apart, and where that is equal, how surely."""
        told = [self.head] if self.zero_shot is None else [self.head, self.zero_shot]
        return round(sum(told) / len(told), 6), -self.loss


class Progress(msgspec.Struct, frozen=True):
    """Where a run stands. key: the digest of all that its result depends on. scale: of fp16's gradients."""

    key: str
    scores: tuple[EpochScore, ...]
    scaler: dict[str, int | float] = {}

    @property
    def epoch(self) -> int:
        return self.scores[-1].epoch

    @property
    def best(self) -> EpochScore:
        """The earliest of the best."""
        return max(self.scores, key=lambda s: s.rank)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A saved epoch. last, best: the weights that train, by name. optimiser: its state, as safetensors hold it."""

    progress: Progress
    last: dict[str, Tensor]
    best: dict[str, Tensor]
    optimiser: dict[str, Tensor]


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write `folder/epoch-N` whole, then remove the others."""
    final = folder / f"epoch-{checkpoint.progress.epoch:04}"
    partial = folder / "partial"
    for old in (partial, final):
        shutil.rmtree(old, ignore_errors=True)
    partial.mkdir(parents=True)
    for name in ("last", "best", "optimiser"):
        save_file(getattr(checkpoint, name), partial / f"{name}.safetensors")
    (partial / _STATE).write_bytes(msgspec.json.encode(checkpoint.progress))
    for file in partial.iterdir():
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
    partial.rename(final)
    for old in folder.glob("epoch-*"):
        if old != final:
            shutil.rmtree(old, ignore_errors=True)


def load_checkpoint(folder: Path, key: str) -> Checkpoint | None:
    """The latest whole epoch of the same run; None where there is none, or it belongs to other data or options."""
    for saved in sorted(folder.glob("epoch-*"), reverse=True):
        try:
            progress = msgspec.json.decode((saved / _STATE).read_bytes(), type=Progress)
            if progress.key != key or not progress.scores:
                continue
            return Checkpoint(progress, *(load_file(saved / f"{n}.safetensors") for n in ("last", "best", "optimiser")))
        except (OSError, msgspec.DecodeError, SafetensorError):
            continue  # damaged: an earlier epoch, or the beginning, is as good and only slower
    return None


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """AdamW's moments under flat names: "0.exp_avg" is the first weight's."""
    state: Mapping[int, Mapping[str, Tensor]] = optimiser.state_dict()["state"]
    return {f"{i}.{name}": value.contiguous() for i, member in state.items() for name, value in member.items()}


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put the moments back; rates and decays stay as they are."""
    state: dict[int, dict[str, Any]] = {}
    for flat, value in tensors.items():
        index, name = flat.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
