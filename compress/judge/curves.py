"""Precision-recall curves of the shipped model on the test split, thinned to what a figure can show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve

_MOST_POINTS = 160


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve: (recall, precision) pairs from recall 0 on, and where the fitted threshold stands, if there is one."""

    name: str
    points: tuple[tuple[float, float], ...]
    average_precision: float
    working_point: tuple[float, float] | None = None


def curve(
    name: str, score_N: NDArray[np.floating], true_N: NDArray[np.bool_], threshold: float | None = None
) -> Curve | None:
    """The curve of a score that should be high where `true_N`; None where all or none are."""
    if true_N.all() or not true_N.any():
        return None
    precision, recall, _ = precision_recall_curve(true_N, score_N)
    pairs = thinned(np.stack([recall[::-1], precision[::-1]], axis=1))
    return Curve(
        name,
        tuple((round(float(r), 4), round(float(p), 4)) for r, p in pairs),
        float(average_precision_score(true_N, score_N)),
        None if threshold is None else _working_point(score_N, true_N, threshold),
    )


def thinned(pairs_P2: NDArray[np.floating]) -> NDArray[np.floating]:
    """At most _MOST_POINTS of the points: evenly along the curve's own length, both ends kept."""
    if len(pairs_P2) <= _MOST_POINTS:
        return pairs_P2
    step_P = np.abs(np.diff(pairs_P2, axis=0)).sum(1)
    along_P = np.concatenate([[0.0], np.cumsum(step_P)])
    wanted = np.searchsorted(along_P, np.linspace(0.0, along_P[-1], _MOST_POINTS))
    return np.asarray(pairs_P2[np.unique(np.append(wanted, len(pairs_P2) - 1).clip(max=len(pairs_P2) - 1))])


def _working_point(
    score_N: NDArray[np.floating], true_N: NDArray[np.bool_], threshold: float
) -> tuple[float, float] | None:
    found_N = score_N >= threshold
    if not found_N.any():
        return None
    hits = float((found_N & true_N).sum())
    return hits / float(true_N.sum()), hits / float(found_N.sum())
