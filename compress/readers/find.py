"""Which format a data folder is in. To add one: write its file, and add its line below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from compress.errors import DataError
from compress.readers import folders, labelme, mvtec, unlabelled, voc
from compress.readers.files import Files
from compress.readers.found import Found


@dataclass(frozen=True, slots=True)
class Reader:
    """A label format: its name, its layout in words, and its two functions."""

    name: str
    layout: str
    recognises: Callable[[Files], bool]
    read: Callable[[Files], Found]


# The most particular first: almost anything could be read as folders.
READERS = (
    Reader("MVTec", "train/good, test/DEFECT, ground_truth/DEFECT/*_mask.png", mvtec.recognises, mvtec.read),
    Reader("VOC", "images with Pascal VOC .xml files", voc.recognises, voc.read),
    Reader("labelme", "images with labelme .json files", labelme.recognises, labelme.read),
    Reader("folders", "one folder per class", folders.recognises, folders.read),
    Reader("unlabelled", "images alone", unlabelled.recognises, unlabelled.read),
)


def find_reader(files: Files, format: str = "auto") -> Reader:
    """The reader of that name, or the first that recognises the folder; "unlabelled" recognises any.

    Raises DataError where there is none of that name, and where the folder holds several data sets.
    """
    if format != "auto":
        named = [r for r in READERS if r.name.casefold() == format.casefold()]
        if not named:
            known = ", ".join(r.name for r in READERS)
            raise DataError(f"there is no data format {format!r}; there are: auto, {known}")
        return named[0]
    _refuse_several(files)
    return next(r for r in READERS if r.recognises(files))


def known_layouts() -> str:
    """The layouts that carry labels, for people."""
    return "; ".join(r.layout for r in READERS if r.read is not unlabelled.read)


def _refuse_several(files: Files) -> None:
    """A folder of MVTec data sets would pass for one folder per class, each product a class."""
    below: defaultdict[str, set[str]] = defaultdict(set)
    for folders_of_image in map(files.folders_of, files.images):
        if len(folders_of_image) >= 2:
            below[folders_of_image[0]].add(folders_of_image[1])
    several = sorted(top for top, folders_below in below.items() if folders_below >= mvtec.TOP_FOLDERS)
    if several:
        raise DataError(f"{files.root} holds whole data sets ({', '.join(several)}); give one of these folders")
