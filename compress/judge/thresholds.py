"""The numbers that turn a model's outputs into decisions, fitted on validation images only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from compress.errors import BudgetError, DataError

_TEMPERATURES = (0.05, 20.0)


def fit_threshold(
    defect_score_N: NDArray[np.floating],
    is_defect_N: NDArray[np.bool_],
    max_escape: float | None = None,
    max_overkill: float | None = None,
) -> float:
    """The defect score from which on a part is NG.

    Without limits it minimises escape rate + overkill rate (Youden 1950, "Index for rating diagnostic tests");
    with limits it does so among the thresholds that keep them. Equally good thresholds lie in gaps between
    scores; the middle of the widest gap is taken, as far as possible from any image.
    Limits are rates, 0..1. Raises BudgetError where they exclude each other, and DataError where one kind of
    image is missing.
    """
    demand_both_kinds(is_defect_N)
    edges = np.unique(np.concatenate([[0.0], defect_score_N.astype(np.float64), [1.0]]))
    # The first candidate rejects everything, even a score of 0; the last nothing, not even a score of 1.
    between = (edges[:-1] + edges[1:]) / 2
    candidate_T = np.concatenate([[0.0], between, [np.nextafter(edges[-1], np.inf)]])
    gap_T = np.concatenate([[0.0], np.diff(edges), [0.0]])
    escape_T = _share_below(defect_score_N[is_defect_N], candidate_T)
    overkill_T = 1 - _share_below(defect_score_N[~is_defect_N], candidate_T)
    allowed_T = (escape_T <= _limit(max_escape)) & (overkill_T <= _limit(max_overkill))
    if not allowed_T.any():
        raise BudgetError(_impossible(escape_T, overkill_T, _limit(max_escape), _limit(max_overkill)))
    cost_T = np.where(allowed_T, escape_T + overkill_T, np.inf)
    best_T = np.isclose(cost_T, cost_T.min(), rtol=0, atol=1e-12)
    return float(candidate_T[np.argmax(np.where(best_T, gap_T, -1.0))])


def demand_both_kinds(is_defect_N: NDArray[np.bool_], where: str = "validation") -> None:
    """Raises DataError where no threshold can be fitted between good parts and defects, for one kind is missing."""
    if is_defect_N.all() or not is_defect_N.any():
        missing = "good" if is_defect_N.all() else "defective"
        raise DataError(f"{where} has no {missing} image, so no threshold can be fitted; add some")


def fit_temperature(logits_NK: NDArray[np.floating], y_N: NDArray[np.integer]) -> float:
    """What to divide logits by so that probabilities mean what they say (Guo et al. 2017, "On calibration").

    Minimises cross-entropy. Where all images are right the plain minimum is T -> 0, so the labels are softened
    by one image per class, after Platt 1999, "Probabilistic outputs for support vector machines".
    """
    count, num_classes = logits_NK.shape
    target_NK = np.full((count, num_classes), 1.0 / (count + num_classes))
    target_NK[np.arange(count), y_N] = (count + 1.0) / (count + num_classes)

    def cross_entropy(log_temperature: float) -> float:
        log_prob_NK = log_softmax(logits_NK.astype(np.float64) / np.exp(log_temperature), axis=1)
        return float(-(target_NK * log_prob_NK).sum(axis=1).mean())

    low, high = np.log(_TEMPERATURES)
    return float(np.exp(minimize_scalar(cross_entropy, bounds=(low, high), method="bounded").x))


def _share_below(scores: NDArray[np.floating], threshold_T: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.searchsorted(np.sort(scores), threshold_T, side="left") / len(scores))


def _limit(rate: float | None) -> float:
    return 1.0 if rate is None else rate


def _impossible(
    escape_T: NDArray[np.float64], overkill_T: NDArray[np.float64], max_escape: float, max_overkill: float
) -> str:
    within = escape_T <= max_escape
    least = f"{overkill_T[within].min():.1%}" if within.any() else "not reachable"
    return (
        f"no threshold keeps escapes at or below {max_escape:.1%} and overkill at or below {max_overkill:.1%}: "
        f"at that escape rate overkill is at least {least} on the validation images; relax one of the limits"
    )
