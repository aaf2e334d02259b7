"""The class of a whole image, where its label speaks of boxes and polygons only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from compress.errors import DataError
from compress.readers.files import Files
from compress.readers.found import BoxLabel, Found, FoundImage, PolygonLabel
from compress.readers.good import is_good
from compress.readers.lists import Index


@dataclass(frozen=True, slots=True)
class Naming:
    """What the classes of a data set are called.

    labels: the class names of its boxes and polygons, longest first.
    good: the name of its good class, "good" where none is named.
    """

    labels: tuple[str, ...]
    good: str
    unlabelled_are_good: bool


def naming(found: Found, index: Index) -> Naming:
    """Collect the class names of a data set."""
    labels = {place.class_name for image in found.images for place in _places(image)}
    of_images = {image.class_name for image in found.images} | {row.class_name for row in index.rows.values()}
    good = sorted(name for name in labels | of_images if name and is_good(name))
    longest_first = tuple(sorted(labels, key=lambda name: (-len(name), name)))
    return Naming(longest_first, good[0] if good else "good", found.unlabelled_are_good)


def class_of(image: FoundImage, files: Files, index: Index, naming: Naming) -> str:
    """The image's class, from the first that tells: index.csv, layout, folder, file name, largest area.

    Raises DataError where nothing speaks, or where a good image has a defect marked on it.
    """
    row = index.rows.get(image.path)
    defects: defaultdict[str, float] = defaultdict(float)
    for place in _places(image):
        if not is_good(place.class_name):
            defects[place.class_name] += place.area
    name = (row.class_name if row else None) or image.class_name or _folder(image, files, naming)
    if name is None and defects:
        name = _prefix(image, naming) or max(sorted(defects), key=lambda c: defects[c])
    if name is None and (image.label_path or naming.unlabelled_are_good):
        name = naming.good
    if name is None:
        raise DataError("has no label, and nothing says that it is good; left out")
    if is_good(name) and defects:
        raise DataError(f"is called {name!r} but has {', '.join(sorted(defects))} marked on it; left out")
    return name


def _places(image: FoundImage) -> tuple[BoxLabel | PolygonLabel, ...]:
    return (*image.boxes, *image.polygons)


def _folder(image: FoundImage, files: Files, naming: Naming) -> str | None:
    """The innermost folder whose name is a class."""
    folders = reversed(files.folders_of(image.path))
    return next((name for name in folders if name in naming.labels or is_good(name)), None)


def _prefix(image: FoundImage, naming: Naming) -> str | None:
    """`scratch_12` is of class `scratch`; `scratches` is not."""
    stem = image.path.stem
    for name in naming.labels:
        rest = stem.removeprefix(name)
        if stem.startswith(name) and not rest[:1].isalpha() and not is_good(name):
            return name
    return None
