"""YOLO: a text file of class numbers and places per image, for detection and segmentation.

Follows https://docs.ultralytics.com/datasets/ : `class cx cy width height` or `class x1 y1 x2 y2 x3 y3 ...`, in
shares of the image's width and height.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

import msgspec

from compress.data.readers.files import Files, Names
from compress.data.readers.found import BoxLabel, Found, PolygonLabel, Problem, Split
from compress.data.readers.lists import SPLITS
from compress.data.readers.pairs import LabelFile, join, read_label
from compress.data.readers.rows import text_of
from compress.errors import DataError

_LOOKED_AT = 50
_NAME_FILES = frozenset({"classes.txt", "obj.names"})
_LABEL_FOLDER = "labels"
_SLACK = 0.01  # rounding by annotation tools; anything beyond is in pixels or wrong


class _Description(msgspec.Struct, frozen=True):
    """data.yaml."""

    names: list[str | int] | dict[int, str | int]
    train: str | list[str] | None = None
    val: str | list[str] | None = None
    test: str | list[str] | None = None

    def places(self, split: Split) -> list[str]:
        """The folders and lists that it names for a split."""
        written: str | list[str] | None = getattr(self, split)
        return [written] if isinstance(written, str) else list(written or ())


@dataclass(frozen=True, slots=True)
class _Named:
    """The class names by number, none where nothing tells them, and the file that says so."""

    names: Mapping[int, str]
    source: str
    description: _Description | None = None


def recognises(files: Files) -> bool:
    """Whether text files named as the images hold lines of YOLO's numbers, or a data.yaml stands beside them."""
    labels = _label_paths(files)
    if labels and any(_described(path) for path in _yaml_paths(files)):
        return True
    return any(_looks_right(path) for path in labels[:_LOOKED_AT])


def read(files: Files) -> Found:
    """Read every label file. An image without one is good: YOLO's tools write none where nothing was marked."""
    problems: list[Problem] = []
    named = _class_names(files, problems)
    images, bad = join(files, _label_paths(files), partial(_parse, named=named))
    split_of = _splits(files, named.description, named.source, problems) if named.description else {}
    return Found(
        tuple(replace(image, split=split_of.get(image.path)) for image in images),
        (*problems, *bad),
        unlabelled_are_good=True,
        split_source=named.source,
        notes=() if named.names else ("no data.yaml or classes.txt names the classes, so they are called by number",),
    )


def _label_paths(files: Files) -> list[Path]:
    """Text files in a folder called labels, and those named as an image beside them."""
    stems = {path.stem for path in files.images}
    return [
        path
        for path in files.with_suffix(".txt")
        if path.name.casefold() not in _NAME_FILES
        and (path.stem in stems or _LABEL_FOLDER in map(str.casefold, files.folders_of(path)))
    ]


def _looks_right(path: Path) -> bool:
    try:
        first = next((line.split() for line in text_of(path).splitlines() if line.strip()), [])
        return len(first) >= 5 and first[0].isdigit() and all(0 <= float(n) <= 1 for n in first[1:])
    except (DataError, ValueError):
        return False


def _yaml_paths(files: Files) -> list[Path]:
    return sorted((*files.with_suffix(".yaml"), *files.with_suffix(".yml")), key=lambda path: len(path.parts))


def _described(path: Path) -> _Description | None:
    """None where a YAML file speaks of something else. Raises nothing: a damaged one is told by `_class_names`."""
    try:
        return msgspec.yaml.decode(read_label(path), type=_Description)
    except (DataError, msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return None


def _class_names(files: Files, problems: list[Problem]) -> _Named:
    for path in _yaml_paths(files):
        description = _described(path)
        if description is None:
            problems.append(Problem(path, "is no YOLO data file (it needs `names`), or is not valid YAML; not used"))
            continue
        listed = description.names
        by_number = listed if isinstance(listed, dict) else dict(enumerate(listed))
        return _Named({number: str(name).strip() for number, name in by_number.items()}, path.name, description)
    for path in files.paths:
        if path.name.casefold() in _NAME_FILES:
            names = [line.strip() for line in text_of(path).splitlines() if line.strip()]
            return _Named(dict(enumerate(names)), path.name)
    return _Named({}, "")


def _parse(path: Path, named: _Named) -> LabelFile:
    try:
        lines = read_label(path).removeprefix(b"\xef\xbb\xbf").decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError("is not UTF-8 text; left out") from error
    places = [_place(line.split(), number, named) for number, line in enumerate(lines, 1) if line.strip()]
    return LabelFile(
        path,
        image_name=None,
        size=None,
        boxes=tuple(p for p in places if isinstance(p, BoxLabel)),
        polygons=tuple(p for p in places if isinstance(p, PolygonLabel)),
        in_shares=True,
    )


def _place(words: Sequence[str], line: int, named: _Named) -> BoxLabel | PolygonLabel:
    name = _class_name(words[0], line, named)
    shares = [_share(word, line) for word in words[1:]]
    if len(shares) == 4:
        x, y, width, height = shares
        return BoxLabel(x - width / 2, y - height / 2, x + width / 2, y + height / 2, name)
    if len(shares) >= 6 and len(shares) % 2 == 0:
        return PolygonLabel(tuple(zip(shares[::2], shares[1::2], strict=True)), name)
    raise DataError(f"has {len(words)} numbers in line {line}: 5 make a box, 7, 9 and so on a polygon; left out")


def _class_name(word: str, line: int, named: _Named) -> str:
    try:
        number = int(word)
    except ValueError:
        number = -1
    if number < 0:
        raise DataError(f"has no class number at the start of line {line} (it says {word!r}); left out")
    if not named.names:
        return f"class {number}"
    name = named.names.get(number)
    if not name:
        raise DataError(f"has class {number} in line {line}, which {named.source} does not name; left out")
    return name


def _share(word: str, line: int) -> float:
    try:
        share = float(word)
    except ValueError:
        share = math.nan
    if not -_SLACK <= share <= 1 + _SLACK:
        raise DataError(f"has {word!r} in line {line}, but YOLO counts in shares of the image, 0 to 1; left out")
    return min(max(share, 0.0), 1.0)


def _splits(files: Files, description: _Description, source: str, problems: list[Problem]) -> dict[Path, Split]:
    """What data.yaml puts where; an image in two splits counts for the later of train, val, test."""
    names = Names(files.root, files.images)
    written = [(split, place) for split in SPLITS for place in description.places(split)]
    images_at = _images_at([place for _, place in written], files, names)
    split_of: dict[Path, Split] = {}
    for (split, place), images in zip(written, images_at, strict=True):
        split_of.update(dict.fromkeys(images, split))
        if not images:
            problems.append(Problem(files.root, f"{source} says {split}: {place}, but no image is there; correct it"))
    return split_of


def _images_at(written: Sequence[str], files: Files, names: Names) -> list[list[Path]]:
    """The images at each place, wherever data.yaml thought that they lie.

    Leading folders are dropped from all places alike, until one is here: alone, an absent `test/images` would end up
    as every folder called `images`.
    """
    places = [[p for p in PurePosixPath(w.replace("\\", "/")).parts if p not in ("..", ".", "/")] for w in written]
    for start in range(max(map(len, places), default=0)):
        found = [_images_below(parts[start:], files, names) for parts in places]
        if any(found):
            return found
    return [[] for _ in written]


def _images_below(parts: Sequence[str], files: Files, names: Names) -> list[Path]:
    """The images of a folder, or of a text file that lists them; none where no part is left."""
    place = "/" + "/".join(parts)
    if place.endswith(".txt"):
        lists = [path for path in files.with_suffix(".txt") if f"/{files.relative(path)}".endswith(place)]
        lines = [line for path in lists for line in text_of(path).splitlines() if line.strip()]
        return [found[0] for line in lines if len(found := names.find(line)) == 1]
    return [image for image in files.images if f"{place}/" in f"/{files.relative(image)}"] if parts else []
