"""One folder per class, the oldest layout there is, alone or below train, val and test folders."""

from __future__ import annotations

from compress.data.readers.files import Files
from compress.data.readers.found import Found, FoundImage
from compress.data.readers.good import is_good
from compress.data.readers.lists import SPLIT_FOLDERS

# Folders of images that nobody has looked at yet: no class.
UNLABELLED = frozenset({"unlabelled", "unlabeled", "unannotated", "未標註", "未标注", "未標記", "未标记"})


def recognises(files: Files) -> bool:
    """Whether at least two folders hold images and could be classes, or one that holds good parts."""
    names = {class_folder(files.folders_of(path)) for path in files.images} - {None}
    return len(names) >= 2 or any(name is not None and is_good(name) for name in names)


def read(files: Files) -> Found:
    """The class is the first folder that is not a split; folders below it belong to it."""
    return Found(tuple(FoundImage(path, class_name=class_folder(files.folders_of(path))) for path in files.images))


def class_folder(folders: tuple[str, ...]) -> str | None:
    """`train/scratch/camera2` and `scratch/train` are both of class `scratch`; `unlabelled/scratch` is of none."""
    if any(name.casefold() in UNLABELLED for name in folders):
        return None
    return next((name for name in folders if name.casefold() not in SPLIT_FOLDERS), None)
