"""Which of the found images can be used: readable, of a known class, and of one mind with their labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from compress.data.images import Facts, check_images
from compress.data.readers.bounds import cut_to_image
from compress.data.readers.classes import Naming, class_of
from compress.data.readers.files import Files
from compress.data.readers.found import FoundImage, Problem
from compress.data.readers.index import Index
from compress.errors import DataError
from compress.progress import Reporter


@dataclass(frozen=True, slots=True)
class Checked:
    """labelled: each with its class; unlabelled: readable, without one; problems: one for each other image."""

    labelled: tuple[FoundImage, ...]
    unlabelled: tuple[FoundImage, ...]
    facts: Mapping[Path, Facts]
    problems: tuple[Problem, ...]


def check(
    images: Sequence[FoundImage], files: Files, index: Index, naming: Naming, reporter: Reporter | None = None
) -> Checked:
    """Look at every image and mask file, and hold the labels against them."""
    masks = [image.mask_path for image in images if image.mask_path]
    facts, damaged = check_images(list(dict.fromkeys([*(image.path for image in images), *masks])), reporter)
    labelled: list[FoundImage] = []
    unlabelled: list[FoundImage] = []
    problems = list(damaged)
    for image in images:
        if image.path not in facts or (image.mask_path and image.mask_path not in facts):
            continue
        try:
            name = class_of(image, files, index, naming)
            fitted = _fitted(_with_sentences(replace(image, class_name=name), index), facts)
        except DataError as error:
            problems.append(Problem(image.path, str(error)))
        else:
            (unlabelled if name is None else labelled).append(fitted)
    return Checked(tuple(labelled), tuple(unlabelled), facts, tuple(problems))


def _with_sentences(image: FoundImage, index: Index) -> FoundImage:
    entry = index.entries.get(image.path)
    if entry is None:
        return image
    captions, questions = (*image.captions, *entry.captions), (*image.questions, *entry.questions)
    return replace(image, captions=captions, questions=questions)


def _fitted(image: FoundImage, facts: Mapping[Path, Facts]) -> FoundImage:
    size = (facts[image.path].width, facts[image.path].height)
    if image.mask_path:
        mask = facts[image.mask_path]
        if (mask.width, mask.height) != size:
            raise DataError(f"is not of the size of its mask {image.mask_path.name}; left out")
    return cut_to_image(image, size)
