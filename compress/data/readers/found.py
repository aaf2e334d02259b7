"""What a reader hands back: labels, images and the files it could not use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Split = Literal["train", "val", "test"]


@dataclass(frozen=True, slots=True)
class BoxLabel:
    """A labelled box in pixels of the image as shown: x0 <= x < x1, y0 <= y < y1, counted from 0."""

    x0: float
    y0: float
    x1: float
    y1: float
    class_name: str

    @property
    def area(self) -> float:
        """In square pixels."""
        return (self.x1 - self.x0) * (self.y1 - self.y0)


@dataclass(frozen=True, slots=True)
class PolygonLabel:
    """A labelled polygon: its corners (x, y) in pixels, where pixel i covers i to i + 1."""

    points_N2: tuple[tuple[float, float], ...]
    class_name: str

    @property
    def area(self) -> float:
        """In square pixels, by the shoelace formula."""
        following = (*self.points_N2[1:], *self.points_N2[:1])
        doubled = sum(x * v - u * y for (x, y), (u, v) in zip(self.points_N2, following, strict=True))
        return abs(doubled) / 2


@dataclass(frozen=True, slots=True)
class RunsLabel:
    """A labelled region of any shape, as the run lengths of COCO (`pycocotools.mask`), compressed.

    size: (width, height) in pixels of the image it was drawn on. area: in square pixels.
    """

    size: tuple[int, int]
    counts: bytes
    area: float
    class_name: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One file that was left out or needs a look, and why, in a sentence."""

    path: Path
    sentence: str


@dataclass(frozen=True, slots=True)
class FoundImage:
    """One image with what its label says.

    class_name: what the layout itself says of the image (its class folder, a flag); None where only the boxes
        and polygons can tell.
    label_size: (width, height) in pixels as the label file states it, None where it does not.
    label_path: the label file; None where the image has none.
    in_shares: whether boxes and polygons are in shares of the image's width and height instead of pixels.
    captions: sentences about the image; questions: (question, answer) about it.
    """

    path: Path
    class_name: str | None = None
    boxes: tuple[BoxLabel, ...] = ()
    polygons: tuple[PolygonLabel, ...] = ()
    runs: tuple[RunsLabel, ...] = ()
    mask_path: Path | None = None
    label_path: Path | None = None
    label_size: tuple[int, int] | None = None
    in_shares: bool = False
    captions: tuple[str, ...] = ()
    questions: tuple[tuple[str, str], ...] = ()
    group: str | None = None
    split: Split | None = None

    @property
    def marks(self) -> tuple[BoxLabel | PolygonLabel | RunsLabel, ...]:
        """Everything that is marked on the image."""
        return (*self.boxes, *self.polygons, *self.runs)


@dataclass(frozen=True, slots=True)
class Found:
    """All images of a data set, and what its format says of them as a whole.

    unlabelled_are_good: whether, in this format, an image that nobody labelled is a good one.
    good: class names that the layout itself says are good, whatever they are called.
    split_source: where the images' own splits come from, a clause for people.
    notes: what was decided for the user, for people.
    """

    images: tuple[FoundImage, ...]
    problems: tuple[Problem, ...] = ()
    unlabelled_are_good: bool = False
    good: frozenset[str] = frozenset()
    split_source: str = ""
    notes: tuple[str, ...] = ()
