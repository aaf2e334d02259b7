"""Tiny teachers, test-written parts, and one finished training that several tests look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from accelerate.state import AcceleratorState

from compress.progress import SilentReporter
from compress.train.options import Schedule, TrainOptions, Tuning
from compress.train.record import TrainingRecord
from compress.train.run import train
from tests.compress.small_run import write_parts
from tests.compress.teachers import save_teacher

# Few pictures and a random teacher: fast rates, so that a few epochs show.
SHORT = TrainOptions(
    tuning=Tuning(dropout=0.0), schedule=Schedule(epochs=5, batch=8, learning_rate=5e-3, patience=5), seed=3
)


@dataclass(frozen=True, slots=True)
class Trained:
    """What went in and what came out; read-only."""

    teacher: Path
    data: Path
    out: Path
    record: TrainingRecord
    lines: tuple[str, ...]


@pytest.fixture(autouse=True)
def _new_accelerator() -> Iterator[None]:
    """A process keeps its first precision for ever; a test is a run of its own."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture(scope="package")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grey parts, half of them with a black spot."""
    return write_parts(tmp_path_factory.mktemp("parts"), 24)


@pytest.fixture(scope="package")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random CLIP with its tokenizer."""
    return save_teacher(tmp_path_factory.mktemp("teacher") / "clip", "CLIP")


@pytest.fixture(scope="package")
def trained(tmp_path_factory: pytest.TempPathFactory, clip: Path, parts: Path) -> Trained:
    """CLIP, all layers, five epochs."""
    out, reporter = tmp_path_factory.mktemp("trained") / "clip-parts", SilentReporter()
    record = train(str(clip), parts, out, SHORT, reporter, command="edgevl train ...")
    return Trained(clip, parts, out, record, tuple(reporter.lines))
