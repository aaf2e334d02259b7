"""The images a line was photographed with, read from whatever label format they are in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from compress.readers.found import BoxLabel as BoxLabel
from compress.readers.found import PolygonLabel as PolygonLabel
from compress.readers.found import Problem as Problem
from edge.bundle import ClassKind

Split = Literal["train", "val", "test"]


@dataclass(frozen=True, slots=True)
class ClassLabel:
    """One class of the data set."""

    name: str
    kind: ClassKind


@dataclass(frozen=True, slots=True)
class Sample:
    """One image and all that is known of it.

    name: unique in the data set: the file's stem, or its relative path where stems repeat.
    group: images of one group show the same part or piece of material and stay in one split.
    localised: whether it is known where its defects are (always so for a good image).
    """

    name: str
    path: Path
    class_name: str
    kind: ClassKind
    split: Split
    group: str
    boxes: tuple[BoxLabel, ...]
    polygons: tuple[PolygonLabel, ...]
    mask_path: Path | None
    localised: bool


@dataclass(frozen=True, slots=True)
class Dataset:
    """Everything read from one folder.

    classes: sorted by name; a sample's class index is the place of its class here.
    places: what says where defects are, for people ("boxes", "polygons", "masks", "image labels only").
    split_source: where the splits come from, a clause for people.
    problems: files that were left out or need a look.
    notes: what was decided for the user and concerns many images at once.
    """

    root: Path
    format: str
    samples: tuple[Sample, ...]
    classes: tuple[ClassLabel, ...]
    places: str
    split_source: str
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_good(self) -> bool:
        """Whether there is a class of good parts, so that escape and overkill have a meaning."""
        return any(c.kind == "good" for c in self.classes)

    def of(self, split: Split) -> tuple[Sample, ...]:
        """The samples of one split, in the order of their names."""
        return tuple(s for s in self.samples if s.split == split)

    def summary(self) -> str:
        """One line for the terminal and the report."""
        return (
            f"read as {self.format}: {len(self.samples):,} images, {len(self.classes)} classes, "
            f"{self.places}; {self.split_source}"
        )


def read_dataset(root: Path, format: str = "auto", seed: int = 0) -> Dataset:
    """Read the images and labels below `root`. Raises DataError when nothing usable is there."""
    raise NotImplementedError
