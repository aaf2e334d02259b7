"""The pictures of a split as model inputs, with their labels: what fitting and evaluation work on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compress.data.dataset import Dataset, Problem, Sample, Split
from compress.data.images import read_image
from compress.errors import DataError
from edge.bundle.manifest import InputSpec
from edge.inspection.preprocess import model_input


@dataclass(frozen=True, slots=True)
class Pictures:
    """image_NHWC uint8 at the model's size; label_N class index; defect_N True for defective parts."""

    samples: tuple[Sample, ...]
    image_NHWC: NDArray[np.uint8]
    label_N: NDArray[np.int64]
    defect_N: NDArray[np.bool_]

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(s.group for s in self.samples)


def find_unreadable(dataset: Dataset) -> tuple[Problem, ...]:
    """Decode every picture once; those that cannot be decoded are listed, none ends the run."""

    def look(sample: Sample) -> Problem | None:
        try:
            read_image(sample.path)
        except DataError as error:
            return Problem(sample.path, str(error).removeprefix(f"{sample.path} "))
        return None

    with ThreadPoolExecutor(max_workers=4) as pool:
        return tuple(problem for problem in pool.map(look, dataset.samples) if problem is not None)


def without(dataset: Dataset, problems: tuple[Problem, ...]) -> Dataset:
    """The data set without the pictures that have a problem. Raises DataError when a split is empty then."""
    bad = {p.path for p in problems}
    kept = tuple(s for s in dataset.samples if s.path not in bad)
    left = replace(dataset, samples=kept, problems=(*dataset.problems, *problems))
    for split in ("train", "val", "test"):
        if not left.of(split):
            raise DataError(f"{dataset.root}: no readable picture is left in the {split} split")
    return left


def read_pictures(dataset: Dataset, split: Split, spec: InputSpec) -> Pictures:
    """Read a split from the files, as the device would see it."""
    samples = dataset.of(split)
    names = [c.name for c in dataset.classes]
    with ThreadPoolExecutor(max_workers=4) as pool:
        images = list(pool.map(lambda s: model_input(read_image(s.path), spec), samples))
    return Pictures(
        samples,
        np.stack(images),
        np.array([names.index(s.class_name) for s in samples], np.int64),
        np.array([s.kind == "defect" for s in samples], np.bool_),
    )
