"""Thresholds sit where they should, keep their limits, and say when they cannot."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compress.errors import BudgetError, DataError
from compress.judge.metrics import inspection
from compress.judge.thresholds import fit_temperature, fit_threshold


def test_separable_scores_are_cut_in_the_middle_of_the_gap() -> None:
    """As far as possible from any image."""
    score = np.array([0.1, 0.2, 0.8, 0.9], np.float32)
    assert fit_threshold(score, np.array([False, False, True, True])) == pytest.approx(0.5)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_scores_at_the_ends_can_still_be_all_rejected_or_all_passed(score: float) -> None:
    """Even when every score is 0, or 1: limits of nothing at all are kept."""
    scores, is_defect = np.full(4, score), np.array([False, True, False, True])
    strict = inspection(scores, is_defect, fit_threshold(scores, is_defect, max_escape=0.0))
    lenient = inspection(scores, is_defect, fit_threshold(scores, is_defect, max_overkill=0.0))
    assert strict.escape is not None
    assert strict.escape.count == 0
    assert lenient.overkill is not None
    assert lenient.overkill.count == 0


_SCORES = st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=2, max_size=40).filter(
    lambda pairs: len({is_defect for _, is_defect in pairs}) == 2
)


@given(_SCORES, st.floats(0, 1))
def test_no_other_threshold_is_better_within_the_limit(pairs: list[tuple[float, bool]], max_escape: float) -> None:
    """Against every score itself as the threshold."""
    score, is_defect = np.array([s for s, _ in pairs]), np.array([d for _, d in pairs])

    def rates(threshold: float) -> tuple[float, float]:
        result = inspection(score, is_defect, threshold)
        assert result.escape is not None
        assert result.overkill is not None
        return result.escape.value, result.overkill.value

    escape, overkill = rates(fit_threshold(score, is_defect, max_escape=max_escape))
    others = [rates(t) for t in [*score, 2.0]]
    assert escape <= max_escape
    assert escape + overkill <= min(e + o for e, o in others if e <= max_escape) + 1e-9


def test_limits_that_exclude_each_other_are_named() -> None:
    """With what could be reached, so that one can be relaxed."""
    score, is_defect = np.array([0.2, 0.6, 0.4, 0.8]), np.array([False, False, True, True])
    with pytest.raises(
        BudgetError, match=r"escapes at or below 0\.0% and overkill at or below 10\.0%.* at least 50\.0%"
    ):
        fit_threshold(score, is_defect, max_escape=0.0, max_overkill=0.1)


def test_one_kind_alone_fits_no_threshold() -> None:
    """The sentence says which kind is missing."""
    with pytest.raises(DataError, match="no good image"):
        fit_threshold(np.array([0.5]), np.array([True]))


def test_the_temperature_undoes_overconfidence() -> None:
    """Logits that were multiplied by 3 come back divided by about 3."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 4)) * 2
    prob = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = (prob.cumsum(axis=1) < rng.random((len(prob), 1))).sum(axis=1)
    assert fit_temperature(3 * logits, y) == pytest.approx(3.0, rel=0.05)


def test_a_faultless_validation_does_not_make_the_model_certain() -> None:
    """Fifty right answers allow about one mistake in fifty, not a probability of 1."""
    y = np.arange(50) % 2
    logits = np.where(np.eye(2)[y] > 0, 4.0, -4.0)
    best = 8.0 / fit_temperature(logits, y)
    assert 1 / (1 + np.exp(-best)) == pytest.approx(51 / 52, abs=1e-3)
