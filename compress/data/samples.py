"""What a data set is once it is read: samples with their labels and splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from compress.data.readers.found import BoxLabel, PolygonLabel, Problem, RunsLabel, Split
from edge.bundle.manifest import ClassKind


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
    captions: sentences about it; questions: (question, answer) about it.
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
    runs: tuple[RunsLabel, ...] = ()
    captions: tuple[str, ...] = ()
    questions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """A readable image that nobody gave a class: a teacher may look at it, nothing is tuned or tested on it."""

    path: Path
    captions: tuple[str, ...] = ()
    questions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """Everything read from one folder.

    classes: sorted by name; a sample's class index is the place of its class here.
    places: what says where defects are, for people ("boxes", "polygons", "masks", "image labels only").
    split_source: where the splits come from, a clause for people.
    problems: files that were left out or need a look.
    notes: what was decided for the user and concerns many images at once.
    unlabelled: readable images without a class; they are in no split.
    """

    root: Path
    format: str
    samples: tuple[Sample, ...]
    classes: tuple[ClassLabel, ...]
    places: str
    split_source: str
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    unlabelled: tuple[Unlabelled, ...] = ()

    @property
    def has_good(self) -> bool:
        """Whether there is a class of good parts, so that escape and overkill have a meaning."""
        return any(c.kind == "good" for c in self.classes)

    @property
    def only_good(self) -> bool:
        """Whether all there is to learn and to tune from are good parts; defects are in test, if anywhere."""
        seen = [s.kind for s in self.samples if s.split != "test"]
        return bool(seen) and set(seen) == {"good"}

    def below(self, path: Path) -> str:
        """A path below the data folder, else its name alone: where this machine keeps the data is nobody's business."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name

    def of(self, split: Split) -> tuple[Sample, ...]:
        """The samples of one split, in the order of their names."""
        return tuple(s for s in self.samples if s.split == split)

    def summary(self) -> str:
        """One line for the terminal and the report."""
        captions = sum(len(told.captions) for told in self._all())
        questions = sum(len(told.questions) for told in self._all())
        read = [f"{len(self.samples):,} images", f"{len(self.classes)} classes", self.places]
        read += [f"{captions:,} captions"] if captions else []
        read += [f"{questions:,} questions with answers"] if questions else []
        rest = [self.split_source] if self.samples else []
        rest += ["only good parts to learn from"] if self.only_good else []
        rest += [f"{len(self.unlabelled):,} more images without a label, for a teacher only"] if self.unlabelled else []
        return f"read as {self.format}: {', '.join(read)}; {'; '.join(rest)}"

    def _all(self) -> tuple[Sample | Unlabelled, ...]:
        return (*self.samples, *self.unlabelled)
