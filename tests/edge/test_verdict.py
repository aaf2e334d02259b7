"""The decision: probabilities and thresholds in, a verdict out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bundle.manifest import AnomalyRule, Decision
from edge.verdict import UNKNOWN_DEFECT, decide, undecided
from tests.bundles import WITH_GOOD, WITHOUT_GOOD

RULE = Decision(defect_threshold=0.4, min_confidence=0.6, map_threshold=0.5)
UNLIKE_GOOD = Decision(0.4, 0.6, 0.5, AnomalyRule(threshold=0.7, map_threshold=0.5))
CLASSIFY = Decision(defect_threshold=None, min_confidence=0.6, map_threshold=0.5)


@pytest.mark.parametrize(
    ("prob_K", "status", "name"),
    [
        ((0.61, 0.30, 0.09), "OK", "black"),
        ((0.60, 0.15, 0.25), "NG", "white"),  # 0.40 in all: the threshold itself is NG
        ((0.05, 0.90, 0.05), "NG", "grey"),
    ],
)
def test_ng_where_the_defects_together_reach_the_threshold(prob_K: tuple[float, ...], status: str, name: str) -> None:
    """The named class is the likeliest of the kind that the status says."""
    decided = decide(np.array(prob_K, np.float32), WITH_GOOD, RULE)
    assert (decided.status, decided.class_name, decided.reason) == (status, name, None)
    assert decided.probability == pytest.approx(prob_K[0] if status == "OK" else max(prob_K[1:]))


def test_without_a_good_class_a_part_is_ng_or_its_kind_is_in_doubt() -> None:
    """Below the least confidence the verdict is UNDECIDED, with the class that was likeliest."""
    sure = decide(np.array((0.1, 0.7, 0.2), np.float32), WITHOUT_GOOD, CLASSIFY)
    unsure = decide(np.array((0.3, 0.5, 0.2), np.float32), WITHOUT_GOOD, CLASSIFY)
    assert (sure.status, sure.class_name, sure.reason) == ("NG", "grey", None)
    assert (unsure.status, unsure.class_name, unsure.reason) == ("UNDECIDED", "grey", "low_confidence")


@pytest.mark.parametrize(
    ("prob_K", "anomaly", "status", "name"),
    [
        ((0.9, 0.05, 0.05), 0.69, "OK", "black"),
        ((0.9, 0.05, 0.05), 0.70, "NG", UNKNOWN_DEFECT.name),  # good by its class, unlike good parts
        ((0.2, 0.40, 0.40), 0.90, "NG", UNKNOWN_DEFECT.name),  # not surely any known defect
        ((0.2, 0.40, 0.40), 0.10, "NG", "grey"),
        ((0.1, 0.10, 0.80), 0.99, "NG", "white"),  # a known defect is unlike good parts too
    ],
)
def test_neither_good_nor_a_known_defect(prob_K: tuple[float, ...], anomaly: float, status: str, name: str) -> None:
    """With an anomaly rule such a part is NG as an unknown defect; a surely known one keeps its name."""
    decided = decide(np.array(prob_K, np.float32), WITH_GOOD, UNLIKE_GOOD, anomaly)
    assert (decided.status, decided.class_name) == (status, name)
    if name == UNKNOWN_DEFECT.name:
        assert (decided.probability, decided.defect_score) == (anomaly, anomaly)


@pytest.mark.parametrize(("anomaly", "status", "name"), [(0.3, "OK", "black"), (0.7, "NG", UNKNOWN_DEFECT.name)])
def test_a_bundle_that_knows_only_good_parts(anomaly: float, status: str, name: str) -> None:
    """The anomaly score alone decides, and is the defect score of every verdict."""
    rule = Decision(1.0, 0.5, 0.5, AnomalyRule(0.7, 0.5))
    decided = decide(np.ones(1, np.float32), WITH_GOOD[:1], rule, anomaly)
    assert (decided.status, decided.class_name, decided.defect_score) == (status, name, anomaly)


@pytest.mark.parametrize("anomaly", [None, np.nan, np.inf])
def test_an_anomaly_score_that_is_missing_or_no_number(anomaly: float | None) -> None:
    """Where the rule needs it: never OK, never NG."""
    decided = decide(np.array((0.9, 0.1, 0.0), np.float32), WITH_GOOD, UNLIKE_GOOD, anomaly)
    assert decided == undecided("bad_output")


@pytest.mark.parametrize("prob_K", [(0.5, 0.5), (np.nan, 0.5, 0.5), (np.inf, 0, 0), ()])
def test_an_answer_that_makes_no_sense_is_undecided(prob_K: tuple[float, ...]) -> None:
    """Wrong length or not a number: never OK, never NG."""
    decided = decide(np.array(prob_K, np.float32), WITH_GOOD, RULE)
    assert decided == undecided("bad_output")


@given(st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3), st.floats(0, 1), st.booleans())
def test_a_verdict_has_a_reason_exactly_when_undecided(scores: list[float], threshold: float, has_good: bool) -> None:
    """For any probabilities and thresholds; and scores stay within 0..1."""
    rule = Decision(threshold if has_good else None, threshold, 0.5)
    total = sum(scores) or 1.0
    decided = decide(np.array(scores, np.float32) / np.float32(total), WITH_GOOD if has_good else WITHOUT_GOOD, rule)
    assert (decided.reason is not None) == (decided.status == "UNDECIDED")
    assert 0 <= decided.probability <= 1.0001
    assert 0 <= decided.defect_score <= 1
