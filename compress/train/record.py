"""What a finished training leaves beside the weights: `training.json`, for programs, and what marks its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from compress.errors import DataError
from compress.train.checkpoint import EpochScore
from compress.train.judge import Opinion
from compress.train.options import TrainOptions

RECORD = "training.json"


@dataclass(frozen=True, slots=True)
class Source:
    """What was trained from what. Digests are over names and bytes, of the teacher's files and of the pictures."""

    command: str
    created: str
    edgevl_version: str
    teacher: str
    architecture: str
    teacher_digest: str
    data: str
    data_summary: str
    data_digest: str
    counts: dict[str, dict[str, int]]
    sentences: tuple[str, ...]
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class FoldScore:
    """Macro-F1 on pictures that a fold neither learned from nor stopped by: the teacher as it came, and trained."""

    images: int
    probe_before: float
    probe: float
    zero_shot_before: float | None
    zero_shot: float | None


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """A finished training. trained: how many weights did; embedding_dim: of the class head's input too.

    test_before, test: read once, after all was decided.
    """

    source: Source
    options: TrainOptions
    classes: tuple[str, ...]
    embedding_dim: int
    trained: int
    precision: str
    processes: int
    seconds: float
    epochs: tuple[EpochScore, ...]
    best_epoch: int
    val_before: Opinion
    val: Opinion
    test_before: Opinion
    test: Opinion
    folds: tuple[FoldScore, ...]


def check_training_out(out: Path) -> None:
    """Refuse early to write over a folder that is not a training's result. Raises DataError."""
    if out.name in ("", ".."):
        raise DataError(f"--out {out} has no name of its own; give the teacher one, such as models/line3")
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / RECORD).is_file()):
        raise DataError(f"{out} exists and is not the result of a training; choose another --out, or remove it")


def write_record(record: TrainingRecord, folder: Path) -> None:
    (folder / RECORD).write_bytes(msgspec.json.format(msgspec.json.encode(record, enc_hook=str), indent=2))


def read_record(folder: Path) -> TrainingRecord:
    """Raises DataError where the folder holds no readable record."""
    try:
        return msgspec.json.decode((folder / RECORD).read_bytes(), type=TrainingRecord, dec_hook=_path)
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"{folder / RECORD} is missing or damaged; train again with `edgevl train`") from error


def _path(kind: type, value: object) -> object:
    return Path(str(value)) if issubclass(kind, Path) else value
