"""Distillation: what is unknown teaches nothing, rare classes are seen, and it learns."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from compress import processor
from compress.progress import Advance, SilentReporter
from compress.stages.looking import read_look
from compress.students.distil import Schedule, balanced_weights, distil, focal_loss, map_loss, relation_loss
from compress.students.student import Student, load_student
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


def test_a_small_defect_counts_as_much_as_a_large_one() -> None:
    """To miss either costs its picture's share of the overlap, however few cells it has."""
    target_NHW = torch.zeros(2, 16, 16)
    target_NHW[0, :12], target_NHW[1, 3, 3:5] = 1.0, 1.0
    found_NHW = torch.where(target_NHW > 0, 9.0, -9.0)
    misses = []
    for number in (0, 1):
        missed_NHW = found_NHW.clone()
        missed_NHW[number] = -9.0
        misses.append(map_loss(missed_NHW, target_NHW) - F.binary_cross_entropy_with_logits(missed_NHW, target_NHW))
    assert misses[1] > 0.6 * misses[0]


def test_classes_count_by_the_root_of_their_size() -> None:
    """A class four times as frequent is drawn twice as often."""
    weight_M = balanced_weights(np.array([0] * 16 + [1] * 4))
    assert weight_M[:16].sum() == pytest.approx(2 * weight_M[16:].sum())


class _Losses(SilentReporter):
    """Keeps the loss of every step."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []
        self.said: list[str] = []

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    @contextmanager
    def bar(self, title: str, total: int) -> Iterator[Advance]:  # noqa: ARG002
        def advance(steps: int = 1, note: str = "") -> None:
            self.losses.append(float(note.removeprefix("loss ")))

        yield advance


def test_the_loss_falls_within_a_dozen_steps(finished_run: FinishedRun) -> None:
    """On all teachings together; one sentence of progress a step."""
    config = load_student(finished_run.work / "2-distil-medium").config
    reporter = _Losses()
    torch.manual_seed(0)
    distil(
        Student(config), read_look(finished_run.work / "1-teacher").lesson, Schedule(12), 0, "student learns", reporter
    )
    assert len(reporter.losses) == 12
    assert reporter.losses[-1] < reporter.losses[0]


def test_a_gpu_that_cannot_train_gives_way_to_the_cpu(
    finished_run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, and the student is the one that the CPU alone would have trained."""
    config = load_student(finished_run.work / "2-distil-medium").config
    lesson = read_look(finished_run.work / "1-teacher").lesson
    torch.manual_seed(0)
    fresh = Student(config)
    trained = []
    for device in ("cpu", "meta"):  # tensors on `meta` have no values, so that training fails at its first step
        monkeypatch.setattr(processor, "best_device", lambda device=device: torch.device(device))
        reporter, student = _Losses(), copy.deepcopy(fresh)
        distil(student, lesson, Schedule(3), 0, "student learns", reporter)
        trained.append(student.state_dict())
    assert "the GPU cannot do this" in reporter.said[0]
    assert all(torch.equal(trained[0][name], trained[1][name]) for name in trained[0])


def test_relations_are_met_when_pictures_are_alike_as_the_teacher_says() -> None:
    """Cosines count, not lengths or axes: a rotated copy of the teacher's space has its relations."""
    theirs_ND = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    rotation_DD = torch.linalg.qr(torch.randn(4, 4, generator=torch.Generator().manual_seed(1))).Q
    assert relation_loss(3 * theirs_ND @ rotation_DD, theirs_ND).item() == pytest.approx(0.0, abs=1e-10)
    assert relation_loss(theirs_ND.flip(0), theirs_ND).item() > 0.01


def test_focus_makes_hard_pictures_count() -> None:
    """With gamma 0 it is the plain mean; with gamma 2 the picture that is wrong outweighs the one that is right."""
    logits_NK, label_N = torch.tensor([[6.0, 0.0], [6.0, 0.0]]), torch.tensor([0, 1])
    alone = [focal_loss(logits_NK[i : i + 1], label_N[i : i + 1], 0.0).item() for i in (0, 1)]
    assert focal_loss(logits_NK, label_N, 0.0).item() == pytest.approx(sum(alone) / 2)
    assert focal_loss(logits_NK, label_N, 2.0).item() == pytest.approx(alone[1], rel=1e-3)
