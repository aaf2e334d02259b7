"""The MVTec AD layout: train/good, test/DEFECT, ground_truth/DEFECT/*_mask.png (Bergmann et al. 2019)."""

from __future__ import annotations

from pathlib import Path

from compress.data.readers.files import Files
from compress.data.readers.found import Found, FoundImage, Problem

_MASKS = "ground_truth"
TOP_FOLDERS = frozenset({"train", "test", _MASKS})


def recognises(files: Files) -> bool:
    """Whether train, test and ground_truth stand side by side in the root."""
    tops = {folders[0] for path in files.images if (folders := files.folders_of(path))}
    return tops >= TOP_FOLDERS


def read(files: Files) -> Found:
    """The class is the folder below the split; a defect's mask has its image's name. What is in train is good."""
    masks = {(files.folders_of(p)[1:], _stem(p)): p for p in files.images if files.folders_of(p)[:1] == (_MASKS,)}
    good = {folders[1] for path in files.images if len(folders := files.folders_of(path)) > 1 and folders[0] == "train"}
    images: list[FoundImage] = []
    problems: list[Problem] = []
    for path in files.images:
        folders = files.folders_of(path)
        if folders[:1] == (_MASKS,):
            continue
        if len(folders) < 2:
            problems.append(Problem(path, "is in no class folder; left out"))
            continue
        may_be_bad = folders[0] == "test" and folders[1] not in good
        mask = masks.get((folders[1:], path.stem)) if may_be_bad else None
        if may_be_bad and mask is None:
            problems.append(Problem(path, f"has no mask in {_MASKS}; used without its place"))
        images.append(FoundImage(path, class_name=folders[1], mask_path=mask))
    return Found(tuple(images), tuple(problems), good=frozenset(good) if len(good) == 1 else frozenset())


def _stem(mask: Path) -> str:
    return mask.stem.removesuffix("_mask")
