"""The student: plain data and tensors, the same however it is stored or folded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from compress.students.deployed import Deployed
from compress.students.student import Student, load_student, save_student, student_config
from edge.bundle.manifest import InputSpec

SIZE = InputSpec(48, 64)


def _student() -> Student:
    """Random weights, and BatchNorm that has seen pictures."""
    torch.manual_seed(0)
    student = Student(student_config(SIZE, 12, 3)).train()
    for _ in range(3):
        student(_pictures(8))
    return student.eval()


def _pictures(count: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).integers(0, 256, (count, 48, 64, 3), dtype=np.uint8))


def test_built_anew_from_its_files_it_answers_bit_by_bit_the_same(tmp_path: Path) -> None:
    """Two loads of model.json and model.safetensors, no pickle anywhere."""
    save_student(_student(), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.json", "model.safetensors"]
    save_student(load_student(tmp_path), tmp_path)
    with torch.inference_mode():
        first, second = (load_student(tmp_path)(_pictures(4)) for _ in range(2))
        plain = _student()(_pictures(4))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(first, plain, strict=True))


def test_outputs_have_the_shapes_of_the_contract() -> None:
    """Logits per class, embedding of the teacher's length, a map at stride 8."""
    logits_NK, embedding_ND, map_NHW = _student()(_pictures(2))
    assert logits_NK.shape == (2, 3)
    assert embedding_ND.shape == (2, 12)
    assert map_NHW.shape == (2, 6, 8)


def test_deployed_is_the_student_with_everything_folded() -> None:
    """BatchNorm and the division by 255 are in the weights; softmax at the temperature, sigmoid, unit length."""
    student = _student()
    with torch.inference_mode():
        logits_NK, embedding_ND, map_NHW = student(_pictures(5))
        expected = (torch.softmax(logits_NK / 1.7, 1), F.normalize(embedding_ND), torch.sigmoid(map_NHW))
        for ours, theirs in zip(Deployed(student, 1.7).eval()(_pictures(5)), expected, strict=True):
            assert (ours - theirs).abs().max() <= 1e-4
        assert torch.equal(student(_pictures(5))[0], logits_NK)  # the original is untouched


def test_the_count_of_multiply_adds_follows_from_the_geometry() -> None:
    """The first layer by hand: 24 x 32 places, 5 x 5 x 3 x 32; the whole as a sum over layers."""
    config = student_config(SIZE, 12, 3)
    only_first = Student(config)
    rest = sum(
        h * w * c.kernel**2 * before.channels * c.channels
        for (h, w), c, before in zip(
            [(12, 16), (12, 16), (6, 8), (6, 8), (3, 4), (3, 4), (3, 4)], config.convs[1:], config.convs, strict=False
        )
    )
    assert only_first.multiply_adds() == 24 * 32 * 25 * 3 * 32 + rest
