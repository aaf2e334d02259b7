"""Scores agree with numbers worked out by hand, and say None where they have no meaning."""

from __future__ import annotations

import numpy as np
import pytest

from compress.judge.metrics import aupro, classification, grouped_rate, inspection, pixel_auroc, rate


def _one_hot(decided: list[int], classes: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.eye(classes)[decided]


def test_classification_by_hand() -> None:
    """Two classes, one mistake in five; a class without images does not lower the mean."""
    score = classification(_one_hot([0, 0, 1, 1, 1], 3), np.array([0, 0, 0, 1, 1]), ("a", "b", "unseen"))
    assert score.accuracy == pytest.approx(0.8)
    assert [c.f1 for c in score.classes] == pytest.approx([0.8, 0.8, 0.0])
    assert [c.images for c in score.classes] == [3, 2, 0]
    assert score.macro_f1 == pytest.approx(0.8)
    assert score.confusion_KK == ((2, 1, 0), (0, 2, 0), (0, 0, 0))


def test_the_interval_knows_that_copies_are_no_new_evidence() -> None:
    """Twenty photographs shown ten times each say no more than twenty photographs."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(20) % 2, 10)
    decided = np.repeat(np.where(rng.random(20) < 0.2, 1 - np.arange(20) % 2, np.arange(20) % 2), 10)
    prob = _one_hot(decided.tolist(), 2)
    alone = classification(prob, y, ("a", "b"))
    grouped = classification(prob, y, ("a", "b"), groups=[str(i // 10) for i in range(200)])
    width = [s.macro_f1_interval.high - s.macro_f1_interval.low for s in (alone, grouped)]
    assert width[1] > 2 * width[0]
    assert grouped.macro_f1_interval.low <= grouped.macro_f1 <= grouped.macro_f1_interval.high
    assert grouped == classification(prob, y, ("a", "b"), groups=[str(i // 10) for i in range(200)])


def test_inspection_by_hand() -> None:
    """A score at the threshold is NG, as on the device."""
    score = np.array([0.1, 0.6, 0.5, 0.4, 0.9])
    is_defect = np.array([False, False, True, True, True])
    result = inspection(score, is_defect, threshold=0.5)
    assert result.escape is not None
    assert result.overkill is not None
    assert (result.escape.count, result.escape.total) == (1, 3)
    assert result.escape.value == pytest.approx(1 / 3)
    assert (result.overkill.count, result.overkill.total) == (1, 2)
    assert result.auroc == pytest.approx(4 / 6)
    assert result.average_precision == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert result.f1_max == pytest.approx(6 / 7)
    assert result.f1_max_threshold == 0.4


@pytest.mark.parametrize("is_defect", [True, False])
def test_inspection_without_one_kind_has_no_curves(is_defect: bool) -> None:
    """With no good part there is no overkill, and no ROC."""
    result = inspection(np.array([0.2, 0.8]), np.full(2, is_defect), threshold=0.5)
    assert (result.escape is None, result.overkill is None) == (not is_defect, is_defect)
    assert result.auroc is result.average_precision is result.f1_max is None


def test_wilson_interval_by_hand() -> None:
    """0 of 10: up to z2 / (n + z2) = 3.8415 / 13.8415."""
    result = rate(0, 10)
    assert result is not None
    assert result.interval.low == 0.0
    assert result.interval.high == pytest.approx(3.8415 / 13.8415, abs=1e-4)
    assert rate(0, 0) is None


def _regions() -> tuple[
    np.ndarray[tuple[int, int], np.dtype[np.bool_]], np.ndarray[tuple[int, int], np.dtype[np.float64]]
]:
    """A region of 90 pixels that is found at 0.9, one of 10 that is missed, and 900 good pixels at 0.1 to 0.2."""
    mask = np.zeros((25, 40), np.bool_)
    mask[0:9, 0:10] = True
    mask[20, 20:30] = True
    score = np.where(mask, 0.0, np.linspace(0.1, 0.2, mask.size).reshape(mask.shape))
    score[0:9, 0:10] = 0.9
    return mask, score


def test_pictures_of_one_part_count_less_than_pictures_of_their_own() -> None:
    """Forty pictures of four parts that fail as wholes say as much as four parts, and an interval must show it."""
    hit_N, parts = np.repeat([True, False, False, False], 10), np.repeat(np.arange(4), 10)
    apart, together = grouped_rate(hit_N, np.arange(40)), grouped_rate(hit_N, parts)
    assert apart is not None
    assert together is not None
    assert (together.count, together.total) == (apart.count, apart.total) == (10, 40)
    assert apart == rate(10, 40)
    assert together.interval.low < apart.interval.low < apart.interval.high < together.interval.high
    never = grouped_rate(np.zeros(40, np.bool_), parts)
    four = rate(0, 4)
    assert never is not None
    assert four is not None
    assert never.interval == four.interval


def test_a_small_missed_region_costs_half_of_aupro_but_little_auroc() -> None:
    """What AUPRO is for: each region counts the same."""
    mask, score = _regions()
    assert pixel_auroc([score], [mask]) == pytest.approx(0.9)
    assert aupro([score], [mask]) == pytest.approx(0.5)


def test_map_scores_at_their_ends() -> None:
    """Perfect maps score 1, constant ones what chance gives, and images without either kind None."""
    mask, _ = _regions()
    small = np.zeros((3, 3), np.bool_)
    assert aupro([mask.astype(float), small.astype(float)], [mask, small]) == pytest.approx(1.0)
    assert aupro([np.zeros(mask.shape)], [mask]) == pytest.approx(0.15)  # the diagonal up to 0.3, over 0.3
    assert pixel_auroc([np.zeros((3, 3))], [small]) is None
    assert aupro([np.zeros((3, 3))], [~small]) is None
