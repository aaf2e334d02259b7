"""Zero-shot: with sentences for each class and no labels, the teacher's opinion is the label.

A class is the mean of its sentences' embeddings (prompt ensembling), and a picture's probability the softmax over
the scaled cosines to the classes (Radford et al. 2021, "Learning transferable visual models from natural language
supervision", section 3.1). SigLIP's bias is the same for every class and falls out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from compress.teachers.dual import DualEncoder, embed_text
from compress.teachers.prompts import Prompts

_DRAWS = 499


@dataclass(frozen=True, slots=True)
class ZeroShot:
    """Speaks for a teacher in place of a probe: logits = scale * cosine(embedding, class)."""

    class_KD: NDArray[np.float32]
    scale: float

    def logits(self, pooled_ND: NDArray[np.float32]) -> NDArray[np.float32]:
        length_N1 = np.linalg.norm(pooled_ND, axis=1, keepdims=True)
        unit_ND = pooled_ND / np.maximum(length_N1, 1e-12)
        return np.ascontiguousarray(self.scale * unit_ND @ self.class_KD.T, np.float32)

    def prob(self, pooled_ND: NDArray[np.float32]) -> NDArray[np.float32]:
        logits_NK = self.logits(pooled_ND)
        exp_NK = np.exp(logits_NK - logits_NK.max(1, keepdims=True))
        return np.asarray(exp_NK / exp_NK.sum(1, keepdims=True), np.float32)


def embed_classes(dual: DualEncoder, prompts: Prompts) -> ZeroShot:
    """Each class as the mean of its sentences, brought back to length 1."""
    with torch.inference_mode():
        means = [embed_text(dual, prompts.sentences(name)).mean(0) for name in prompts.names]
        class_KD = F.normalize(torch.stack(means), dim=1)
    return ZeroShot(class_KD.numpy(), dual.scale)


def chance_of_blindness(pooled_ND: NDArray[np.float32], class_KD: NDArray[np.float32], seed: int = 0) -> float:
    """How often directions drawn at random tell pictures apart at least as well as the classes' sentences do, 0..1.

    Pictures differ along the sentences of a teacher that has learned to compare the two. Where images and sentences
    were never brought together, sentences point anywhere, and random directions do as well. Compared is the share of
    the embeddings' variance within the space that the classes span. Says nothing about whether they are the right ones.
    """
    unit_ND = pooled_ND / np.maximum(np.linalg.norm(pooled_ND, axis=1, keepdims=True), 1e-12)
    spread_ND = unit_ND - unit_ND.mean(0)
    between_KD = class_KD - class_KD.mean(0)
    theirs = _explained(spread_ND, between_KD)
    rng = np.random.default_rng(seed)
    drawn = [_explained(spread_ND, _centred(rng.normal(size=class_KD.shape))) for _ in range(_DRAWS)]
    return float((1 + sum(one >= theirs for one in drawn)) / (1 + _DRAWS))


def _centred(direction_KD: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    return np.asarray(direction_KD - direction_KD.mean(0))


def _explained(spread_ND: NDArray[np.floating[Any]], direction_KD: NDArray[np.floating[Any]]) -> float:
    """The variance within the space of these directions, which add up to nothing."""
    basis_DK, _ = np.linalg.qr(direction_KD[:-1].T)
    return float(np.square(spread_ND @ basis_DK).sum())


def save_zero_shot(zero_shot: ZeroShot, file: Path) -> None:
    np.savez(file, classes=zero_shot.class_KD, scale=np.float32(zero_shot.scale))


def load_zero_shot(file: Path) -> ZeroShot:
    with np.load(file, allow_pickle=False) as saved:
        return ZeroShot(saved["classes"], float(saved["scale"]))
