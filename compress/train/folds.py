"""k-fold cross-validation by groups: how much a figure depends on which parts were held out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from compress.data.dataset import Sample
from compress.errors import DataError


@dataclass(frozen=True, slots=True)
class Fold:
    """train: to learn from; val: decides when to stop; held_out: seen by neither, to score on."""

    train: tuple[Sample, ...]
    val: tuple[Sample, ...]
    held_out: tuple[Sample, ...]


def make_folds(samples: Sequence[Sample], count: int, seed: int) -> tuple[Fold, ...]:
    """Whole groups, classes alike in every part; what is held out in one fold stops training in the next.

    samples: of train and validation; test stays out of it. Raises DataError where there are too few groups.
    """
    groups = [s.group for s in samples]
    if len(set(groups)) < count:
        raise DataError(
            f"--folds {count} needs as many groups of pictures, and there are {len(set(groups))}; use fewer folds"
        )
    parts = _parts(samples, groups, count, seed)
    return tuple(
        Fold(
            train=tuple(
                replace(s, split="train") for i, part in enumerate(parts) if i not in (k, (k + 1) % count) for s in part
            ),
            val=tuple(replace(s, split="val") for s in parts[(k + 1) % count]),
            held_out=tuple(replace(s, split="val") for s in parts[k]),
        )
        for k in range(count)
    )


def _parts(samples: Sequence[Sample], groups: Sequence[str], count: int, seed: int) -> list[tuple[Sample, ...]]:
    folds = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a class has fewer groups than folds: its fold goes without
        split = list(folds.split(np.zeros(len(samples)), [s.class_name for s in samples], groups))
    return [tuple(samples[i] for i in held_out) for _, held_out in split]
