"""Masks beside images: `x.png` and `x_mask.png`, or folders `images` and `masks`. An empty mask means a good part."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from compress.data.images import LOSSY, read_image, read_mask
from compress.data.readers.files import Files, nearness
from compress.data.readers.found import Found, FoundImage, Problem
from compress.data.readers.good import is_good
from compress.data.readers.lists import SPLIT_FOLDERS
from compress.errors import DataError

_SUFFIXES = ("_mask", "-mask", ".mask", "_masks", "_gt", "-gt", "_label", "-label", "_seg")
_MASK_FOLDERS = frozenset({"masks", "mask", "ground_truth", "groundtruth", "gt", "label", "labels", "segmentation"})
_IMAGE_FOLDERS = frozenset({"images", "image", "imgs", "img", "pictures", "data", "rgb"})
_DEFECT = "defect"
_LOOKED_AT = 5
_MOST_VALUES = 32


def recognises(files: Files) -> bool:
    """Whether images have masks by their names, and these look like masks."""
    masks = list(masks_of(files).values())
    return bool(masks) and all(_looks_like_mask(path) for path in masks[:_LOOKED_AT])


def read(files: Files) -> Found:
    """An image whose mask is empty is good; else its class is its folder, or `defect`.

    Where no mask is empty, an image without one is good too: then the set has masks for defects only.
    """
    masks = masks_of(files)
    empty = empty_masks(masks.values())
    used = set(masks.values())
    images = [path for path in files.images if path not in used and not _says_mask(path, files)]
    classes = _folder_classes(files, images, masks, empty)
    alone = [p for p in files.images if p not in used and _says_mask(p, files)]
    problems = [Problem(path, "is called a mask but has no image; left out") for path in alone]
    found: list[FoundImage] = []
    for path in images:
        mask = masks.get(path)
        name = classes.get(path)
        if mask is None:
            found.append(FoundImage(path))
        elif mask in empty:
            found.append(FoundImage(path, label_path=mask))
        elif name is not None and is_good(name):
            problems.append(Problem(path, f"is in the folder {name!r} but its mask {mask.name} is not empty; left out"))
        else:
            found.append(FoundImage(path, class_name=name or _DEFECT, mask_path=mask, label_path=mask))
    return Found(tuple(found), tuple(problems), unlabelled_are_good=not empty)


def masks_of(files: Files) -> dict[Path, Path]:
    """Each image's mask, by their names."""
    images: defaultdict[str, list[Path]] = defaultdict(list)
    for path in files.images:
        if not _says_mask(path, files):
            images[path.stem.casefold()].append(path)
    found: dict[Path, Path] = {}
    for mask in (path for path in files.images if _says_mask(path, files)):
        candidates = images.get(_bare_stem(mask)) or images.get(mask.stem.casefold()) or []
        if candidates:
            found.setdefault(max(candidates, key=lambda image, mask=mask: nearness(mask, image)), mask)  # type: ignore[misc]
    return found or _twins(files)


def companions(files: Files) -> frozenset[Path]:
    """The masks that stand beside images: no pictures of parts, whatever format the labels are in."""
    return frozenset(masks_of(files).values()) if recognises(files) else frozenset()


def empty_masks(masks: Iterable[Path]) -> set[Path]:
    """Those that mark nothing. One that cannot be read is not among them: its image is left out later on."""
    paths = list(masks)

    def is_empty(path: Path) -> bool:
        try:
            return not read_mask(path).any()
        except DataError:
            return False

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return {path for path, empty in zip(paths, pool.map(is_empty, paths), strict=True) if empty}


def _looks_like_mask(path: Path) -> bool:
    """Few values, or nearly black and white where JPEG has blurred the edges."""
    try:
        pixels_HWC = read_image(path)
    except DataError:
        return True  # damaged: the look at every file says so
    near_the_ends = np.minimum(pixels_HWC, 255 - pixels_HWC) < 16
    return len(np.unique(pixels_HWC)) <= _MOST_VALUES or float(near_the_ends.mean()) > 0.95


def _says_mask(path: Path, files: Files) -> bool:
    return _bare_stem(path) != path.stem.casefold() or any(
        f.casefold() in _MASK_FOLDERS for f in files.folders_of(path)
    )


def _bare_stem(path: Path) -> str:
    stem = path.stem.casefold()
    return next((stem.removesuffix(suffix) for suffix in _SUFFIXES if stem.endswith(suffix)), stem)


def _twins(files: Files) -> dict[Path, Path]:
    """`x.jpg` and `x.png` side by side, where most photographs have one: the lossless one is the mask."""
    masks = {path.with_suffix(""): path for path in files.images if path.suffix.lower() == ".png"}
    photographs = [path for path in files.images if path.suffix.lower() in LOSSY]
    found = {path: masks[path.with_suffix("")] for path in photographs if path.with_suffix("") in masks}
    return found if len(found) * 2 > len(photographs) else {}


def _folder_classes(
    files: Files, images: Iterable[Path], masks: Mapping[Path, Path], empty: set[Path]
) -> dict[Path, str]:
    """The class folder of each image; none where a folder holds good and bad parts, as one for each part does."""
    names: dict[Path, str] = {}
    kinds: defaultdict[str, set[bool]] = defaultdict(set)
    for path in images:
        folders = (f for f in files.folders_of(path) if f.casefold() not in _IMAGE_FOLDERS | SPLIT_FOLDERS.keys())
        name = next(folders, None)
        if name is not None:
            names[path] = name
            kinds[name].add(path in masks and masks[path] not in empty)
    return {} if any(len(kind) > 1 for kind in kinds.values()) else names
