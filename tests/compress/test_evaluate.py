"""Scores follow the device's own decision, and disagreement is counted picture by picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from compress.data.pictures import read_pictures
from compress.judge.answers import Answers
from compress.judge.evaluate import curves, decided_classes, defect_scores, fit_rule, mistakes, parity
from edge.bundle.manifest import Decision
from tests.compress.conftest import FinishedRun


def _answers(*spot: float) -> Answers:
    """Probabilities of `spot`, the rest being `good`."""
    return Answers(np.array([[1 - p, p] for p in spot], np.float32))


def test_a_class_is_decided_by_the_threshold_not_by_the_larger_probability(finished_run: FinishedRun) -> None:
    """As on the line: a defect score of 0.3 is NG where the rule says 0.25."""
    rule = Decision(defect_threshold=0.25, min_confidence=0.5, map_threshold=0.5)
    dataset = finished_run.dataset
    assert decided_classes(dataset, _answers(0.1, 0.3, 0.9), rule).tolist() == [0, 1, 1]
    np.testing.assert_allclose(defect_scores(dataset, _answers(0.1, 0.3).prob_NK), [0.1, 0.3])


def test_parity_counts_flips_under_the_rule_and_the_largest_difference(finished_run: FinishedRun) -> None:
    """Torch against ONNX and float against int8, apart; a decision flips where it crosses the fitted threshold."""
    rule = Decision(defect_threshold=0.5, min_confidence=0.5, map_threshold=0.5)
    dataset = finished_run.dataset
    val = read_pictures(dataset, "val", finished_run.bundle.manifest.input)
    found = parity(dataset, val, rule, _answers(0.1, 0.6), _answers(0.1, 0.6), _answers(0.2, 0.4))
    assert (found.images, found.torch_onnx_flips, found.int8_flips) == (2, 0, 1)
    assert found.torch_onnx_max_difference == 0
    assert found.int8_max_difference == pytest.approx(0.2)
    (flip,) = found.flipped
    assert flip.path == f"images/{val.samples[1].path.name}"
    assert (flip.true_class, flip.float_class, flip.int8_class) == (val.samples[1].class_name, "spot", "good")


def test_the_rule_separates_what_can_be_separated_and_mistakes_are_named(finished_run: FinishedRun) -> None:
    """Answers that are right but low: the threshold moves; one that is wrong is listed with its path."""
    dataset = finished_run.dataset
    val = read_pictures(dataset, "val", finished_run.bundle.manifest.input)
    right = _answers(*np.where(val.defect_N, 0.2, 0.05))
    rule = fit_rule(dataset, val, right)
    assert rule.defect_threshold == pytest.approx(0.125)
    assert mistakes(dataset, val, right, rule, None) == ()
    first = int(np.flatnonzero(~val.defect_N)[0])
    right.prob_NK[first] = (0.1, 0.9)
    (found,) = mistakes(dataset, val, right, rule, np.full((len(val.samples), 4, 4), 0.5, np.float32))
    assert found.path == f"images/{val.samples[first].path.name}"
    assert (found.true_class, found.decided_class) == ("good", "spot")
    map_HW = cv2.imdecode(np.frombuffer(found.map_png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert map_HW is not None
    assert map_HW.shape == (4, 4)
    assert set(map_HW.ravel().tolist()) == {128}


def test_curves_stand_where_the_rule_stands(finished_run: FinishedRun) -> None:
    """Defective against good, with the working point of the fitted threshold."""
    dataset = finished_run.dataset
    val = read_pictures(dataset, "val", finished_run.bundle.manifest.input)
    answers = _answers(*np.where(val.defect_N, 0.8, 0.2))
    (found,) = curves(dataset, val, answers, Decision(0.5, 0.5, 0.5))
    assert found.name == "defective"
    assert found.average_precision == pytest.approx(1.0)
    assert found.working_point == pytest.approx((1.0, 1.0))
