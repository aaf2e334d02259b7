"""Classes that were added to a bundle without training: decided on the host, from the embedding of any variant.

The file of an added class holds float32 [1 + R, D + 1]: each row a linear discriminant of a class (weights, then the
bias), the added class first, the classes it must be told from after it. Its score of a part with embedding e is

    score = row_0 . (e, 1) - max over the other rows . (e, 1)

and the part is of the class where score >= its threshold, whatever the graph's own classes say. Of several such
classes the one furthest above its threshold is meant. The probability said is 1 / (1 + exp(threshold - score)).
A part that was not judged at all (a failed engine, outputs that are no numbers) stays so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.bundle.load import Bundle
from edge.bundle.manifest import AddedClass
from edge.errors import BundleError
from edge.verdict import Decided

_NO_ANSWER = ("bad_output", "engine_failed")


@dataclass(frozen=True, slots=True)
class Addition:
    """rows_RD: float32 [1 + R, D + 1], as in the file."""

    spec: AddedClass
    rows_RD: NDArray[np.float32]

    def margin(self, embedding_D: NDArray[np.float32]) -> float:
        """How far a part is above the threshold; it is of the class from 0 on."""
        return float(scores(self.rows_RD, embedding_D[None])[0]) - self.spec.threshold


def additions_of(bundle: Bundle) -> tuple[Addition, ...]:
    """Read what was added to a bundle. Raises BundleError."""
    return tuple(Addition(spec, _rows(bundle, spec)) for spec in bundle.manifest.added)


def scores(rows_RD: NDArray[np.float32], embedding_ND: NDArray[np.float32]) -> NDArray[np.float32]:
    """The score of N parts (embeddings float32 N x D): float32 N."""
    said_NR = embedding_ND @ rows_RD[:, :-1].T + rows_RD[:, -1]
    score_N: NDArray[np.float32] = said_NR[:, 0] - said_NR[:, 1:].max(1)
    return score_N


def with_added(decided: Decided, embedding_D: NDArray[np.float32], additions: tuple[Addition, ...]) -> Decided:
    """What the graph's classes gave, unless the part is of an added class (all of them defects)."""
    if not additions or decided.reason in _NO_ANSWER:
        return decided
    margin, best = max(((each.margin(embedding_D), each) for each in additions), key=lambda pair: pair[0])
    if not margin >= 0:  # also where it is no number
        return decided
    probability = 1 / (1 + math.exp(-min(margin, 700.0)))
    score = max(decided.defect_score, probability)
    return replace(
        decided, status="NG", class_name=best.spec.name, probability=probability, defect_score=score, reason=None
    )


def _rows(bundle: Bundle, spec: AddedClass) -> NDArray[np.float32]:
    file = bundle.file(spec.file)
    try:
        rows_RD = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise BundleError(f"{file} cannot be read: {error}; add the class {spec.name!r} again") from error
    width = bundle.manifest.embedding_dim + 1
    fits = isinstance(rows_RD, np.ndarray) and rows_RD.ndim == 2 and rows_RD.shape[1] == width and len(rows_RD) >= 2
    if not fits or rows_RD.dtype != np.float32 or not np.isfinite(rows_RD).all():
        raise BundleError(f"{file} is not float32 (2 or more, {width}); add the class {spec.name!r} again")
    return np.ascontiguousarray(rows_RD)
