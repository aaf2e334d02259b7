"""Where a sentence lies among the pictures' embeddings, for a teacher whose sentences share a space with its pictures.

Pictures and sentences of a dual encoder lie apart by about the same way everywhere (the modality gap, Liang et al.
2022), sentences differ more or less than pictures do, and the student copies the teacher's pictures only nearly. So a
sentence is held against the mean of what the known classes are called, and goes as far from the middle of their
pictures, times the one factor that suits the known classes best, times what words have shown to be worth.

That is told by the known classes themselves (`told_by_words`): nothing where words tell them apart by chance, all where
they do so without a mistake. Words that are worth nothing leave the middle: what is as far from every known class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from compress.errors import DataError, TeacherError
from compress.new_class.fit import covariance
from compress.new_class.known import Known
from compress.teachers.dual import DualEncoder, dual_of, embed_text
from compress.teachers.image_side import is_dual
from compress.teachers.pretrained import called, find_folder, model_files
from compress.teachers.teacher import open_any
from compress.verify.recorded import report_of
from compress.workspace import digest_files
from edge.bundle.load import Bundle
from edge.bundle.manifest import ClassSpec


@dataclass(frozen=True, slots=True)
class Place:
    """mean_D: float64, where pictures of the sentences should lie.

    told: of held-out pictures of pairs of known classes, the share that words alone send to the right one of the two,
    0..1; 0.5 by chance. None with fewer than three known classes.
    """

    mean_D: NDArray[np.float64]
    told: float | None


def place_of(prompts: Sequence[str], dual: DualEncoder, classes: Sequence[ClassSpec], known: Known) -> Place:
    """classes: the bundle's. Raises TeacherError where the teacher is of another space."""
    if dual.dim != known.dim:
        raise TeacherError(
            f"{dual.folder} embeds sentences in {dual.dim} numbers and the bundle pictures in {known.dim}; give "
            "the teacher that the bundle was made from"
        )
    own_D = _said(dual, prompts)
    said_KD = np.stack([_said(dual, _called(classes[label])) for label in known.label_K])
    told = told_by_words(said_KD, known)
    worth = 1.0 if told is None else max(0.0, 2 * told - 1)
    middle_D = known.mean_KD.mean(0)
    return Place(middle_D + worth * (placed(own_D, said_KD, known.mean_KD) - middle_D), told)


def placed(
    own_D: NDArray[np.float64], said_KD: NDArray[np.float64], mean_KD: NDArray[np.float64]
) -> NDArray[np.float64]:
    """From a sentence, what the known classes are called, and their pictures: where its own pictures should lie."""
    middle_D, words_D = mean_KD.mean(0), said_KD.mean(0)
    seen_KD, called_KD = mean_KD - middle_D, said_KD - words_D
    spread = float(np.square(called_KD).sum())
    factor = max(0.0, float((seen_KD * called_KD).sum()) / spread) if spread > 0 else 1.0
    where_D: NDArray[np.float64] = middle_D + factor * (own_D - words_D)
    return where_D


def told_by_words(said_KD: NDArray[np.float64], known: Known) -> float | None:
    """Two known classes at a time are placed by their words as if they were new, and their held-out pictures judged.

    Higher than for a class that teacher and student never saw: they learned from these.
    """
    count = len(known.label_K)
    if count < 3:
        return None
    covariance_DD, right = covariance(known), []
    for pair in combinations(range(count), 2):
        others = [k for k in range(count) if k not in pair]
        first_D, second_D = (placed(said_KD[k], said_KD[others], known.mean_KD[others]) for k in pair)
        weight_D = np.linalg.solve(covariance_DD, first_D - second_D)
        leaning_N = known.held_out_ND @ weight_D - 0.5 * weight_D @ (first_D + second_D)
        for k, towards_N in zip(pair, (np.sign(leaning_N), -np.sign(leaning_N)), strict=True):
            mine_N = known.held_out_N == known.label_K[k]
            right += [float((1 + towards_N[mine_N]).mean() / 2)] if mine_N.any() else []
    return float(np.mean(right)) if right else None


def reader_of(bundle: Bundle, teacher: str | None) -> DualEncoder:
    """The teacher that a bundle was made from, to read sentences with: the one given, else where the report says.

    Raises TeacherError where it is not there, is another one, or only sees.
    """
    report = report_of(bundle)
    remembered = None if isinstance(report, str) else report
    name = teacher or (remembered.trained.teacher_given if remembered else "")
    examples = "give pictures of the new class with --examples"
    if not name:
        raise TeacherError(
            f"{bundle.path} does not say where its teacher lies ({bundle.manifest.teacher}): name its folder with "
            f"--teacher, or {examples}"
        )
    try:
        folder = find_folder(name)
    except TeacherError as error:
        raise TeacherError(
            f"a sentence is read by the teacher that the bundle was made from, and {error}; name the teacher's folder "
            f"with --teacher, or {examples}"
        ) from error
    if remembered and digest_files(model_files(folder)) != remembered.trained.teacher_digest:
        raise TeacherError(
            f"{name} is not the teacher that {bundle.path} was made from ({bundle.manifest.teacher}): its files "
            f"differ; name the folder of that one with --teacher, or {examples}"
        )
    model, missing = open_any(folder)
    if not is_dual(model):
        raise TeacherError(
            f"the teacher of {bundle.path} ({bundle.manifest.teacher}) only sees, so a sentence cannot tell it what a "
            f"new class looks like; {examples}, one is enough to begin with"
        )
    return dual_of(called(name, folder), folder, model, missing)


def _called(spec: ClassSpec) -> list[str]:
    return [spec.name.replace("_", " "), *spec.titles.values()]


def _said(dual: DualEncoder, sentences: Sequence[str]) -> NDArray[np.float64]:
    if not sentences:
        raise DataError("there is no sentence to read")
    return np.asarray(embed_text(dual, sentences).numpy().astype(np.float64).mean(0))
