"""What a search finds, and the questions it can be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.store.history import StoredVerdict

# How a part was found: it looks alike; the sentence describes it; its words are in what is written about it.
By = Literal["look", "meaning", "words"]
LONGEST = 500
# A part that has the words of a question need not be what it describes: with the same weight for both, a part of the
# fiftieth rank in each would come before the one that fits best.
_WEIGHT: Mapping[By, float] = {"meaning": 1.0, "words": 0.2, "look": 1.0}


@dataclass(frozen=True, slots=True)
class Hit:
    """A part that was found. score: the cosine for a look; else the sum of reciprocal ranks, for order only."""

    stored: StoredVerdict
    score: float
    by: tuple[By, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """How a part looks. bundle: whose graph gave embedding_D; leave_out: the verdict it is of."""

    bundle: str
    embedding_D: NDArray[np.float32]
    leave_out: str | None = None


def fused(rankings: Mapping[By, Sequence[int]], most: int) -> list[tuple[int, float]]:
    """Rows by the weighted sum of their reciprocal ranks (Cormack et al. 2009, k = 60), best first."""
    score: dict[int, float] = {}
    for by, ranking in rankings.items():
        for rank, row in enumerate(ranking):
            score[row] = score.get(row, 0.0) + _WEIGHT[by] / (60 + rank)
    return sorted(score.items(), key=lambda one: (-one[1], -one[0]))[:most]
