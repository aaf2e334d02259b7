"""Pruning the student of a real run: narrower everywhere, whole, and plain data again."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from compress.stages.looking import read_look
from compress.students.prune import prune, thinned_config
from compress.students.student import Student, load_student, save_student
from tests.compress.conftest import FinishedRun


@pytest.fixture(scope="module")
def students(finished_run: FinishedRun) -> tuple[Student, Student]:
    """Before and after."""
    return load_student(finished_run.work / "2-distil-medium"), load_student(finished_run.work / "4-prune-medium-1")


def _pictures(student: Student) -> torch.Tensor:
    size = student.config.input
    return torch.randint(0, 256, (3, size.height, size.width, 3), dtype=torch.uint8)


def test_every_layer_has_fewer_channels_in_eights(students: tuple[Student, Student]) -> None:
    """No layer is spared, none is emptied."""
    before, after = students
    for old, new in zip(before.config.convs, after.config.convs, strict=True):
        assert 0 < new.channels < old.channels
        assert new.channels % 8 == 0
        assert (new.kernel, new.stride) == (old.kernel, old.stride)
    assert after.parameters_count() < before.parameters_count()
    assert after.multiply_adds() < before.multiply_adds()


def test_heads_keep_their_outputs_and_answers_are_finite(students: tuple[Student, Student]) -> None:
    """Classes, embedding and map are the contract; pruning may not touch them."""
    before, after = students
    pictures = _pictures(before)
    with torch.inference_mode():
        for old, new in zip(before(pictures), after(pictures), strict=True):
            assert old.shape == new.shape
            assert torch.isfinite(new).all()


def test_the_pruned_student_is_rebuilt_from_its_config(students: tuple[Student, Student], tmp_path: Path) -> None:
    """Saved and loaded, it answers the same."""
    after = students[1]
    save_student(after, tmp_path)
    pictures = _pictures(after)
    with torch.inference_mode():
        assert all(torch.equal(a, b) for a, b in zip(after(pictures), load_student(tmp_path)(pictures), strict=True))


@pytest.mark.parametrize("share", [0.1, 0.35, 0.6, 0.85])
def test_pruning_hits_the_shape_it_aims_at(finished_run: FinishedRun, share: float) -> None:
    """Latencies are measured on the shape before anything is pruned, so the pruned student must have just that one."""
    student = load_student(finished_run.work / "2-distil-medium")
    look = read_look(finished_run.work / "1-teacher")
    target = thinned_config(student.config, share)
    assert prune(student, look.lesson, target, 0).config == target


def test_pruning_leaves_the_student_it_was_given_alone(finished_run: FinishedRun) -> None:
    """The float row of the table is still that student; its own shape as the target takes nothing out."""
    student = load_student(finished_run.work / "2-distil-medium")
    look = read_look(finished_run.work / "1-teacher")
    before = {k: v.clone() for k, v in student.state_dict().items()}
    whole = prune(student, look.lesson, student.config, 0)
    assert whole.config == student.config
    assert all(torch.equal(v, before[k]) for k, v in student.state_dict().items())
