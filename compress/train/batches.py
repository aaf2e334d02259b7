"""Pictures, sentences and labels, a batch at a time: the same for the same seed, on any number of processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from compress.data.dataset import Sample
from compress.data.images import read_image
from compress.teachers.features import load_picture
from compress.teachers.views import make_view
from edge.bundle.manifest import InputSpec
from edge.inspection.preprocess import model_input

_ORDER, _SENTENCE = 1, 2  # streams of chance, apart from those of the views


class Batch(NamedTuple):
    """image_NHWC uint8 BGR; label_N class index; sentence_N place in the list of sentences, -1 without text."""

    image_NHWC: Tensor
    label_N: Tensor
    sentence_N: Tensor


@dataclass(frozen=True, slots=True)
class Lessons:
    """What is learned: samples, their class indices, and for each the places of the sentences that are true of it.

    turns: the ways pictures may be turned and mirrored (`compress.teachers.views.TURNS`).
    """

    samples: tuple[Sample, ...]
    labels: tuple[int, ...]
    sentences: tuple[tuple[int, ...], ...]
    turns: tuple[int, ...]


class Epochs(Sampler[int]):
    """Every lesson once an epoch, in an order that seed and epoch decide."""

    def __init__(self, count: int, seed: int) -> None:
        self._count, self._seed, self.epoch = count, seed, 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng((self._seed, _ORDER, self.epoch))
        return iter(self.epoch * self._count + rng.permutation(self._count))


class Views(Dataset[Batch]):
    """Item epoch x count + i: lesson i as that epoch sees it. Turned, cropped, re-lit as for a student."""

    def __init__(self, lessons: Lessons, size: InputSpec, seed: int) -> None:
        self._lessons, self._size, self._seed = lessons, size, seed

    def __getitem__(self, place: int) -> Batch:
        epoch, i = divmod(int(place), len(self._lessons.samples))
        view = make_view(load_picture(self._lessons.samples[i]), epoch, (self._seed, i), self._lessons.turns)
        spoken = self._lessons.sentences[i]
        rng = np.random.default_rng((self._seed, _SENTENCE, epoch, i))
        sentence = int(rng.choice(spoken)) if spoken else -1
        return _example(model_input(view.image_HWC, self._size), self._lessons.labels[i], sentence)


class Stills(Dataset[Batch]):
    """Pictures as they are, to be judged."""

    def __init__(self, samples: Sequence[Sample], size: InputSpec) -> None:
        self._samples, self._size = samples, size

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, i: int) -> Batch:
        return _example(model_input(read_image(self._samples[i].path), self._size), 0, -1)


def training_batches(
    lessons: Lessons, size: InputSpec, batch: int, seed: int, workers: int = 0
) -> tuple[DataLoader[Batch], Epochs]:
    """Batches of views, and the sampler that is told the epoch. workers: processes that read ahead."""
    order = Epochs(len(lessons.samples), seed)
    ahead: dict[str, Any] = {}
    if workers:
        ahead = {"num_workers": workers, "multiprocessing_context": "forkserver", "persistent_workers": True}
    return DataLoader(Views(lessons, size, seed), batch, sampler=order, collate_fn=_stack, **ahead), order


def still_batches(samples: Sequence[Sample], size: InputSpec, batch: int) -> DataLoader[Batch]:
    return DataLoader(Stills(samples, size), batch, collate_fn=_stack)


def _example(image_HWC: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], label: int, sentence: int) -> Batch:
    return Batch(torch.from_numpy(image_HWC), torch.tensor(label), torch.tensor(sentence))


def _stack(examples: Sequence[Batch]) -> Batch:
    return Batch(*(torch.stack(column) for column in zip(*examples, strict=True)))
