"""One folder per class, the oldest layout there is, alone or below train, val and test folders."""

from __future__ import annotations

from compress.readers.files import Files
from compress.readers.found import Found, FoundImage, Problem
from compress.readers.lists import SPLIT_FOLDERS


def recognises(files: Files) -> bool:
    """Whether at least two folders hold images and could be classes."""
    return len({class_folder(files.folders_of(path)) for path in files.images} - {None}) >= 2


def read(files: Files) -> Found:
    """The class is the first folder that is not a split; folders below it belong to it."""
    classes = [(path, class_folder(files.folders_of(path))) for path in files.images]
    images = tuple(FoundImage(path, class_name=name) for path, name in classes if name is not None)
    outside = tuple(Problem(path, "is in no class folder; left out") for path, name in classes if name is None)
    return Found(images, outside, places="image labels only")


def class_folder(folders: tuple[str, ...]) -> str | None:
    """`train/scratch/camera2` and `scratch/train` are both of class `scratch`."""
    return next((name for name in folders if name.casefold() not in SPLIT_FOLDERS), None)
