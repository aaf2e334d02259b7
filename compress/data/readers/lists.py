"""Split lists beside the images, and the lists of what to leave out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from compress.data.readers.files import Files, Names
from compress.data.readers.found import Problem, Split
from compress.data.readers.rows import text_of

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
MOVED = "edgevl-splits"  # written by `edgevl data check --move`; goes before what the user wrote
LIST_FOLDERS = (MOVED, "splits", "ImageSets/Main")
LEFT_OUT_LISTS = frozenset({"ignore", "ignored", "exclude", "excluded"})


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


def folder_split(folders: tuple[str, ...]) -> Split | None:
    """The split that a file's folders say, the outermost first."""
    return next((SPLIT_FOLDERS[f.casefold()] for f in folders if f.casefold() in SPLIT_FOLDERS), None)


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
    for line in filter(None, map(str.strip, text_of(path).splitlines())):
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
