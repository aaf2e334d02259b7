"""The discriminants of a new class, from what the bundle's own embeddings say of the classes it knows.

Linear discriminant analysis with one covariance for all classes (Fisher 1936), shrunk towards a sphere, for there are
fewer pictures than dimensions; the new class is its mean alone, as in prototypical networks (Snell et al. 2017). So one
example is enough to begin with, and nothing is trained.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from compress.new_class.known import Known
from edge.inspection.added import scores

_SHRINKAGE = 0.1  # of the covariance, towards its own mean variance


def discriminants(known: Known, mean_D: NDArray[np.float64]) -> NDArray[np.float32]:
    """Rows as `edge.inspection.added` reads them, float32 [1 + K, D + 1]: the new class of that mean first."""
    all_RD = np.concatenate([mean_D[None], known.mean_KD])
    weights_RD = np.linalg.solve(covariance(known), all_RD.T).T
    bias_R = -0.5 * (weights_RD * all_RD).sum(1)
    rows_RD: NDArray[np.float32] = np.concatenate([weights_RD, bias_R[:, None]], axis=1).astype(np.float32)
    return rows_RD


def covariance(known: Known) -> NDArray[np.float64]:
    """How pictures of one class differ, shrunk: float64 D x D."""
    within_DD = known.factor_RD.T @ known.factor_RD + known.rest * np.eye(known.dim)
    spread = max(float(np.trace(within_DD)) / known.dim, 1e-9)
    shrunk_DD: NDArray[np.float64] = (1 - _SHRINKAGE) * within_DD + _SHRINKAGE * spread * np.eye(known.dim)
    return shrunk_DD


def threshold_for(rows_RD: NDArray[np.float32], held_out_ND: NDArray[np.float32], budget: float) -> float:
    """The lowest threshold at which at most a share `budget` of held-out pictures of known classes is taken away."""
    falling_N = np.sort(scores(rows_RD, held_out_ND))[::-1]
    allowed = int(budget * len(falling_N))
    return float(np.nextafter(falling_N[allowed], np.float32(np.inf)))


def recognised(known: Known, examples_ND: NDArray[np.float32], budget: float) -> int:
    """How many examples are recognised by the others alone (leave one out); of a single one nothing can be said: 0."""
    found = 0
    for left_out in range(len(examples_ND) if len(examples_ND) > 1 else 0):
        rows_RD = discriminants(known, np.delete(examples_ND, left_out, 0).astype(np.float64).mean(0))
        threshold = threshold_for(rows_RD, known.held_out_ND, budget)
        found += bool(scores(rows_RD, examples_ND[left_out][None])[0] >= threshold)
    return found


def mean_of(sentence_D: NDArray[np.float64] | None, examples_ND: NDArray[np.float32]) -> NDArray[np.float64]:
    """Where the new class lies: the sentence counts as much as one example."""
    points = [*([] if sentence_D is None else [sentence_D]), *examples_ND.astype(np.float64)]
    mean_D: NDArray[np.float64] = np.stack(points).mean(0)
    return mean_D
