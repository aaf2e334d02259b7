"""What stands beside the images: split lists, and an index.csv with class, split and group."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from compress.errors import DataError
from compress.readers.files import Files, Names
from compress.readers.found import Problem

Split = Literal["train", "val", "test"]

SPLITS: tuple[Split, ...] = ("train", "val", "test")
SPLIT_FOLDERS: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
LIST_FOLDERS = ("splits", "ImageSets/Main")
LEFT_OUT_LISTS = frozenset({"ignore", "ignored", "exclude", "excluded"})
INDEX = "index.csv"
_NAME_COLUMNS = ("path", "image", "file", "filename", "name")


@dataclass(frozen=True, slots=True)
class Lists:
    """The split lists of a data set, empty where it has none.

    split_of: an image in two lists counts for the later of train, val, test: no test image is trained on.
    left_out: images that a list says to use for nothing.
    files: the lists' names below the root, for people.
    """

    split_of: dict[Path, Split] = field(default_factory=dict)
    left_out: frozenset[Path] = frozenset()
    files: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """What the index says of one image; None where it does not, and for a split of an unknown name."""

    class_name: str | None
    split: Split | None
    group: str | None


@dataclass(frozen=True, slots=True)
class Index:
    """index.csv by image, empty where there is none."""

    rows: dict[Path, Row] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def has_splits(self) -> bool:
        return any(row.split for row in self.rows.values())


def read_lists(files: Files, names: Names) -> Lists:
    """Read splits/{train,val,test}.txt and the list of what to leave out. Raises DataError where damaged."""
    split_of: dict[Path, Split] = {}
    left_out: set[Path] = set()
    used: list[str] = []
    problems: list[Problem] = []
    for path in _list_files(files):
        images, unclear = _images_in(path, names)
        problems += unclear
        split = SPLIT_FOLDERS.get(path.stem.casefold())
        if split is None:
            left_out.update(images)
            continue
        used.append(files.relative(path))
        problems += [
            Problem(image, f"is in the lists of {split_of[image]} and {split}; used for {split} only")
            for image in images
            if split_of.get(image, split) != split
        ]
        split_of.update(dict.fromkeys(images, split))
    return Lists(split_of, frozenset(left_out), tuple(used), tuple(problems))


def read_index(files: Files, names: Names) -> Index:
    """Read index.csv. Raises DataError where it is damaged: splits made up instead would leak silently."""
    path = files.root / INDEX
    if path not in files.paths:
        return Index()
    try:
        reader = csv.DictReader(_text_of(path).splitlines(), strict=True)
        columns = {column.strip().casefold(): column for column in reader.fieldnames or ()}
        rows = list(reader)
    except csv.Error as error:
        raise DataError(f"{path} is not a valid CSV file ({error}); repair or remove it") from error
    key = next((columns[c] for c in _NAME_COLUMNS if c in columns), None)
    if key is None:
        expected = ", ".join(_NAME_COLUMNS)
        return Index(problems=(Problem(path, f"names no images: it needs a column {expected}; not used"),))
    found: dict[Path, Row] = {}
    problems: list[Problem] = []
    for line in rows:
        images = names.find(line.get(key) or "")
        if len(images) > 1:
            problems.append(Problem(path, f"names {line[key]!r}, which {len(images)} images are called; not used"))
        elif images and found.setdefault(images[0], _row(line, columns)) != _row(line, columns):
            problems.append(Problem(path, f"has two different rows for {line[key]!r}; the first is used"))
    return Index(found, tuple(problems))


def _list_files(files: Files) -> list[Path]:
    """The lists of the first folder that has any, in the order train, val, test, left out."""
    for folder in LIST_FOLDERS:
        lists = [p for p in files.with_suffix(".txt") if p.parent == files.root / folder]
        splits = [p for split in SPLITS for p in lists if SPLIT_FOLDERS.get(p.stem.casefold()) == split]
        left_out = [p for p in lists if p.stem.casefold() in LEFT_OUT_LISTS]
        if splits or left_out:
            return splits + left_out
    return []


def _images_in(path: Path, names: Names) -> tuple[list[Path], list[Problem]]:
    images: list[Path] = []
    problems: list[Problem] = []
    missing: list[str] = []
    for line in filter(None, map(str.strip, _text_of(path).splitlines())):
        found = names.find(line)
        images += found[:1] if len(found) == 1 else []
        if not found:
            missing.append(line)
        elif len(found) > 1:
            problems.append(
                Problem(path, f"names {line!r}, which {len(found)} images are called; write the folder too")
            )
    if missing:
        problems.append(Problem(path, f"names images that are not here: {len(missing)}, such as {missing[0]!r}"))
    return images, problems


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text; save it again as UTF-8") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error


def _row(line: dict[str, str], columns: dict[str, str]) -> Row:
    def value(*names: str) -> str | None:
        texts = (line.get(columns[name]) for name in names if name in columns)
        return next((text.strip() for text in texts if text and text.strip()), None)

    return Row(value("class", "label"), SPLIT_FOLDERS.get((value("split") or "").casefold()), value("group"))
