"""What a reader hands back: labels, images and the files it could not use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
    """

    path: Path
    class_name: str | None = None
    boxes: tuple[BoxLabel, ...] = ()
    polygons: tuple[PolygonLabel, ...] = ()
    mask_path: Path | None = None
    label_path: Path | None = None
    label_size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """All images of a data set.

    places: what says where a defect is, for people: "boxes", "polygons", "masks", "image labels only".
    unlabelled_are_good: whether, in this format, an image that nobody labelled is a good one.
    """

    images: tuple[FoundImage, ...]
    problems: tuple[Problem, ...]
    places: str
    unlabelled_are_good: bool = False
