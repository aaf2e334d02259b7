"""Where a sentence lies among the pictures' embeddings, for a teacher whose sentences share a space with its pictures.

Pictures and sentences of a dual encoder lie apart by about the same way everywhere (the modality gap, Liang et al.
2022), and the student copies the teacher's pictures only nearly; so a sentence is moved by the mean way from the known
classes' sentences to their pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from compress.errors import TeacherError
from edge.bundle import ClassSpec


def place_of(
    prompts: Sequence[str], teacher: str, classes: Sequence[ClassSpec], means_KD: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Float64 D. classes: those that means_KD belong to. Raises TeacherError where the spaces differ."""
    from compress.teachers.dual import embed_text, load_dual

    dual = load_dual(teacher)
    if dual.dim != means_KD.shape[1]:
        raise TeacherError(
            f"{teacher} embeds sentences in {dual.dim} numbers and the bundle pictures in {means_KD.shape[1]}; give "
            "the teacher that the bundle was made from"
        )
    own_D = embed_text(dual, prompts).numpy().astype(np.float64).mean(0)
    known_KD = np.stack([embed_text(dual, _said(spec)).numpy().astype(np.float64).mean(0) for spec in classes])
    placed_D: NDArray[np.float64] = own_D + (means_KD - known_KD).mean(0)
    return placed_D


def _said(spec: ClassSpec) -> list[str]:
    return [spec.name, *spec.titles.values()]
