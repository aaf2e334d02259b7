"""What a training run may be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from compress.data.reading import Reading

Precision = Literal["auto", "float32", "bf16", "fp16"]

# Of the usual magnitude for AdamW; a new adapter bears more than a pretrained weight, a projection more still.
_RATE_ALL, _RATE_LORA, _RATE_TOP = 1e-4, 3e-4, 1e-3


@dataclass(frozen=True, slots=True)
class Tuning:
    """Which weights train.

    lora: rank of the adapters beside a frozen base. freeze: only what lies above the last block trains. Neither:
    all weights do, each layer `layer_decay` times as fast as the one above. checkpointing: compute activations
    again on the way back, for less memory and about a third more time.
    """

    lora: int | None = None
    freeze: bool = False
    layer_decay: float = 0.8
    dropout: float = 0.1
    checkpointing: bool = False

    @property
    def default_rate(self) -> float:
        if self.lora is not None:
            return _RATE_LORA
        return _RATE_TOP if self.freeze else _RATE_ALL


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast. An update sees batch x accumulate x processes pictures; patience counts epochs."""

    epochs: int = 10
    batch: int = 16
    accumulate: int = 1
    learning_rate: float = _RATE_ALL
    weight_decay: float = 0.05
    patience: int = 3


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """Everything that decides a run's result besides teacher and data. folds: 0 for none."""

    tuning: Tuning = Tuning()
    schedule: Schedule = Schedule()
    precision: Precision = "auto"
    folds: int = 0
    seed: int = 0
    reading: Reading = field(default_factory=Reading)
