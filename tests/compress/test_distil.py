"""Distillation: what is unknown teaches nothing, rare classes are seen, and it learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from compress.distil import balanced_weights, map_loss
from compress.evaluate import answer_torch
from compress.stages import read_look
from compress.student import Student, load_student
from tests.compress.conftest import FinishedRun


def test_places_nobody_marked_teach_nothing() -> None:
    """NaN cells have no gradient, and a batch without any known place costs nothing."""
    logit_NHW = torch.zeros(2, 3, 3, requires_grad=True)
    target_NHW = torch.full((2, 3, 3), torch.nan)
    assert map_loss(logit_NHW, target_NHW).item() == 0
    target_NHW[0] = 1.0
    (gradient_NHW,) = torch.autograd.grad(map_loss(logit_NHW, target_NHW), logit_NHW)
    assert gradient_NHW[0].abs().min() > 0
    assert not gradient_NHW[1].any()


def test_classes_count_by_the_root_of_their_size() -> None:
    """A class four times as frequent is drawn twice as often."""
    weight_M = balanced_weights(np.array([0] * 16 + [1] * 4))
    assert weight_M[:16].sum() == pytest.approx(2 * weight_M[16:].sum())


def test_a_dozen_steps_already_beat_an_untaught_student(finished_run: FinishedRun) -> None:
    """Cross-entropy on the training pictures, after a very short lesson."""
    features = read_look(finished_run.work / "1-teacher").features
    pictures, label_M = np.asarray(features.image_MHWC), np.asarray(features.label_M)
    taught = load_student(finished_run.work / "2-distil")
    torch.manual_seed(0)
    untaught = Student(taught.config).eval()

    def cross_entropy(student: Student) -> float:
        prob_MK = answer_torch(student, 1.0, pictures).prob_NK
        return float(-np.log(prob_MK[np.arange(len(label_M)), label_M] + 1e-12).mean())

    assert cross_entropy(taught) < 0.9 * cross_entropy(untaught)
