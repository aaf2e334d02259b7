"""Chance is decided by the seed; every picture is seen once an epoch; whole groups are held out."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from compress.data.dataset import read_dataset
from compress.errors import DataError
from compress.teachers.views import TURNS
from compress.train.batches import Batch, Lessons, training_batches
from compress.train.folds import make_folds
from edge.bundle.manifest import InputSpec


def _epoch(lessons: Lessons, seed: int, epoch: int) -> list[Batch]:
    loader, order = training_batches(lessons, InputSpec(32, 32), 8, seed)
    order.epoch = epoch
    return list(loader)


@pytest.fixture(scope="module")
def lessons(parts: Path) -> Lessons:
    train = read_dataset(parts).of("train")
    return Lessons(train, tuple(range(len(train))), tuple((0, 1, 2) for _ in train), tuple(range(len(TURNS))))


def test_an_epoch_shows_every_picture_once_and_again_the_same(lessons: Lessons) -> None:
    """Same seed and epoch: same pictures, order and sentences. Another epoch or seed: other views."""
    first, again = _epoch(lessons, 1, 1), _epoch(lessons, 1, 1)
    assert sorted(torch.cat([b.label_N for b in first]).tolist()) == list(range(len(lessons.samples)))
    assert all(torch.equal(x, y) for one, two in zip(first, again, strict=True) for x, y in zip(one, two, strict=True))
    for other in (_epoch(lessons, 1, 2), _epoch(lessons, 2, 1)):
        assert not torch.equal(first[0].image_NHWC, other[0].image_NHWC)
        assert not torch.equal(torch.cat([b.sentence_N for b in first]), torch.cat([b.sentence_N for b in other]))


@pytest.mark.slow
def test_processes_that_read_ahead_change_nothing(lessons: Lessons) -> None:
    """As beside a GPU: two of them give the batches of none."""
    loader, order = training_batches(lessons, InputSpec(32, 32), 8, 1, workers=2)
    order.epoch = 2
    ahead = list(loader)
    assert len(ahead) == len(_epoch(lessons, 1, 2))
    for one, two in zip(ahead, _epoch(lessons, 1, 2), strict=True):
        assert all(torch.equal(x, y) for x, y in zip(one, two, strict=True))


def test_folds_keep_groups_whole_and_hold_every_picture_out_once(parts: Path) -> None:
    """Nobody learns from, or stops by, what a fold is scored on."""
    dataset = read_dataset(parts)
    samples = (*dataset.of("train"), *dataset.of("val"))
    folds = make_folds(samples, 4, seed=0)
    held_out = [s.name for fold in folds for s in fold.held_out]
    assert sorted(held_out) == sorted(s.name for s in samples)
    for fold in folds:
        groups = [group for part in (fold.train, fold.val, fold.held_out) for group in {s.group for s in part}]
        assert len(set(groups)) == len(groups)
        assert {s.class_name for s in fold.train} == {"good", "spot"}


def test_more_folds_than_groups(parts: Path) -> None:
    """The sentence names both numbers."""
    samples = read_dataset(parts).of("val")
    with pytest.raises(DataError, match=f"--folds {len(samples) + 1} .* there are {len(samples)}"):
        make_folds(samples, len(samples) + 1, seed=0)
