"""The class of a whole image, where its label speaks of boxes and polygons only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from compress.data.readers.files import Files
from compress.data.readers.found import Found, FoundImage
from compress.data.readers.good import GoodTest, good_test
from compress.data.readers.index import Index
from compress.errors import DataError


@dataclass(frozen=True, slots=True)
class Naming:
    """What the classes of a data set are called.

    labels: the class names of what is marked on its images, longest first.
    good: the name of its good class, "good" where none is named.
    is_good: tells whether a class name means good parts.
    """

    labels: tuple[str, ...]
    good: str
    is_good: GoodTest
    unlabelled_are_good: bool


def naming(found: Found, index: Index, also_good: Iterable[str]) -> Naming:
    """Collect the class names of a data set; `also_good` are names that the user says are good."""
    is_good = good_test({*found.good, *also_good})
    labels = {mark.class_name for image in found.images for mark in image.marks}
    of_images = {i.class_name for i in found.images} | {entry.class_name for entry in index.entries.values()}
    good = sorted(name for name in labels | of_images if name and is_good(name))
    longest_first = tuple(sorted(labels, key=lambda name: (-len(name), name)))
    return Naming(longest_first, good[0] if good else "good", is_good, found.unlabelled_are_good)


def class_of(image: FoundImage, files: Files, index: Index, naming: Naming) -> str | None:
    """The image's class, from the first that tells: index.csv, layout, folder, file name, largest area.

    None where nothing speaks: nobody may have looked at it. Raises DataError where a good image has a defect
    marked on it.
    """
    entry = index.entries.get(image.path)
    defects: defaultdict[str, float] = defaultdict(float)
    for mark in image.marks:
        if not naming.is_good(mark.class_name):
            defects[mark.class_name] += mark.area
    name = (entry.class_name if entry else None) or image.class_name or _folder(image, files, naming)
    if name is None and defects:
        name = _prefix(image, naming) or max(sorted(defects), key=lambda c: defects[c])
    if name is None and (image.label_path or naming.unlabelled_are_good):
        name = naming.good
    if name is None and naming.is_good(files.root.name):
        name = files.root.name
    if name is not None and naming.is_good(name):
        _require_unmarked(image, name, sorted(defects))
    return name


def _require_unmarked(image: FoundImage, name: str, defects: Sequence[str]) -> None:
    if defects:
        raise DataError(f"is called {name!r} but has {', '.join(defects)} marked on it; left out")
    if image.mask_path:
        raise DataError(f"is called {name!r} but its mask {image.mask_path.name} is not empty; left out")


def _folder(image: FoundImage, files: Files, naming: Naming) -> str | None:
    """The innermost folder whose name is a class."""
    folders = reversed(files.folders_of(image.path))
    return next((name for name in folders if name in naming.labels or naming.is_good(name)), None)


def _prefix(image: FoundImage, naming: Naming) -> str | None:
    """`scratch_12` is of class `scratch`; `scratches` is not."""
    stem = image.path.stem
    for name in naming.labels:
        rest = stem.removeprefix(name)
        if stem.startswith(name) and not rest[:1].isalpha() and not naming.is_good(name):
            return name
    return None
