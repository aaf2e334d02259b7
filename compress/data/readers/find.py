"""Which format a data folder is in. To add one: write its file, and add its line below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from compress.data.readers import coco, folders, labelme, mask_files, mvtec, table, unlabelled, visa, voc, yolo
from compress.data.readers.files import Files
from compress.data.readers.found import Found
from compress.errors import DataError


@dataclass(frozen=True, slots=True)
class Reader:
    """A label format: its name, its layout in words, and its two functions.

    also: other names that people give it.
    has_masks: whether the format itself reads mask files; for another, those beside images are taken away first.
    has_index: whether the format itself reads index.csv, so that nobody need look at it again.
    """

    name: str
    layout: str
    recognises: Callable[[Files], bool]
    read: Callable[[Files], Found]
    has_masks: bool = False
    has_index: bool = False
    also: tuple[str, ...] = ()


# The most particular first: almost anything could be read as folders.
READERS = (
    Reader(
        "MVTec", "train/good, test/DEFECT, ground_truth/DEFECT/*_mask.png", mvtec.recognises, mvtec.read, has_masks=True
    ),
    Reader(
        "VisA", "Data/Images/{Normal,Anomaly}, Data/Masks/Anomaly, image_anno.csv", visa.recognises, visa.read, True
    ),
    Reader("COCO", "images with COCO .json files", coco.recognises, coco.read),
    Reader("VOC", "images with Pascal VOC .xml files", voc.recognises, voc.read),
    Reader("labelme", "images with labelme .json files", labelme.recognises, labelme.read),
    Reader("YOLO", "images/ and labels/*.txt, data.yaml or classes.txt", yolo.recognises, yolo.read),
    Reader(
        "table",
        ".csv or .jsonl with columns image and label",
        table.recognises,
        table.read,
        has_masks=True,
        has_index=True,
        also=("CSV", "TSV", "JSONL"),
    ),
    Reader(
        "masks", "x.png with x_mask.png, or images/ with masks/", mask_files.recognises, mask_files.read, has_masks=True
    ),
    Reader("folders", "one folder per class", folders.recognises, folders.read),
    Reader("unlabelled", "images alone", unlabelled.recognises, unlabelled.read),
)


def find_reader(files: Files, format: str = "auto") -> Reader:
    """The reader of that name, or the first that recognises the folder; "unlabelled" recognises any.

    Raises DataError where there is none of that name, and where the folder holds several data sets.
    """
    if format != "auto":
        named = [r for r in READERS if format.casefold() in map(str.casefold, (r.name, *r.also))]
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
    """A folder of MVTec or VisA data sets would pass for one folder per class, each product a class."""
    below: defaultdict[str, set[str]] = defaultdict(set)
    for folders_of_image in map(files.folders_of, files.images):
        if len(folders_of_image) >= 2:
            below[folders_of_image[0]].add(folders_of_image[1])
    several = sorted(top for top, folders_below in below.items() if folders_below >= mvtec.TOP_FOLDERS)
    products = [files.relative(product) for product in visa.products(files)]
    several += products if len(products) > 1 else []
    if several:
        raise DataError(f"{files.root} holds whole data sets ({', '.join(several)}); give one of these folders")
