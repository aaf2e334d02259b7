"""Look at the pictures: which can be decoded, and what the teacher sees in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from compress.data.dataset import Dataset, Problem
from compress.data.pictures import find_unreadable
from compress.good_parts.unknown import known_classes, knows_defects
from compress.progress import Reporter
from compress.students.distil import Lesson, Weights
from compress.teachers.features import Features, Grids, read_features, write_features
from compress.teachers.probe import Probe, fit_probe, load_probe, save_probe
from compress.teachers.teacher import Teacher
from compress.teachers.zero_shot import ZeroShot, load_zero_shot, save_zero_shot

_ZERO_SHOT = "zero_shot.npz"


@dataclass(frozen=True, slots=True)
class Look:
    """What the teacher saw: the features of all views, and what speaks for it: a probe, or sentences (zero-shot)."""

    features: Features
    probe: Probe | ZeroShot

    @property
    def lesson(self) -> Lesson:
        """What a student learns. Where the labels are the teacher's opinion, its opinion of each view says it all."""
        weights = Weights(labels=0.0, opinion=3.0) if isinstance(self.probe, ZeroShot) else Weights()
        return Lesson(self.features, self.probe.logits(np.asarray(self.features.pooled_MD)), weights)


def decode_all(folder: Path, dataset: Dataset) -> None:
    """List the pictures that cannot be decoded."""
    (folder / "unreadable.json").write_bytes(msgspec.json.encode(find_unreadable(dataset), enc_hook=str))


def read_unreadable(folder: Path) -> tuple[Problem, ...]:
    said = msgspec.json.decode((folder / "unreadable.json").read_bytes(), type=list[dict[str, str]])
    return tuple(Problem(Path(one["path"]), one["sentence"]) for one in said)


def look(
    folder: Path,
    teacher: Teacher,
    dataset: Dataset,
    grids: Grids,
    views: int,
    seed: int,
    reporter: Reporter,
    zero_shot: ZeroShot | None = None,
) -> None:
    """The teacher looks at every view once; a linear probe learns to speak for it, unless sentences do (zero-shot)."""
    write_features(folder, teacher, dataset, grids, views, seed, reporter, spoilt=not knows_defects(dataset))
    if zero_shot is not None:
        save_zero_shot(zero_shot, folder / _ZERO_SHOT)
        return
    features = read_features(folder)
    names = [c.name for c in known_classes(dataset)]
    val_y = np.array([names.index(s.class_name) for s in dataset.of("val")], np.int64)
    train_ND, train_y = np.asarray(features.pooled_MD), np.asarray(features.label_M)
    save_probe(fit_probe(train_ND, train_y, features.val_pooled_ND, val_y, len(names)), folder / "probe.npz")


def read_look(folder: Path) -> Look:
    spoken = folder / _ZERO_SHOT
    return Look(read_features(folder), load_zero_shot(spoken) if spoken.exists() else load_probe(folder / "probe.npz"))
