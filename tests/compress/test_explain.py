"""The graph that explains: it decides as the verdict's graph does, and its map is what made the class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from compress.students.explain import Explaining
from compress.students.export import export, export_explaining
from compress.students.spoken import spoken_by_mean, spoken_by_mean_and_maximum
from compress.students.student import Student, student_config
from edge.bundle.manifest import InputSpec

SIZE = InputSpec(48, 64)


@pytest.fixture(scope="module")
def student() -> Student:
    """Random weights, and BatchNorm that has seen pictures."""
    torch.manual_seed(0)
    student = Student(student_config(SIZE, 12, 3)).train()
    for _ in range(3):
        student(_pictures(8))
    return student.eval()


def _pictures(count: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).integers(0, 256, (count, 48, 64, 3), dtype=np.uint8))


def test_the_places_add_up_to_the_class(student: Student) -> None:
    """Of every class: the sum over the map is its logit less the bias, ties of the maximum included."""
    with torch.inference_mode():
        layers = student.trunk(_pictures(6).permute(0, 3, 1, 2) / 255.0)
        logits_NK = student.heads(layers)[0]
        for k in range(3):
            map_Nhw = student.class_map(layers, torch.full((6,), k))
            assert torch.allclose(map_Nhw.sum((1, 2)) + student.classify.bias[k], logits_NK[:, k], atol=1e-4)
    flat_NChw, weight_N2C = torch.ones(1, 2, 3, 3), torch.tensor([[0.5, 1.0, 2.0, 3.0]])
    assert spoken_by_mean_and_maximum(flat_NChw, weight_N2C).sum().item() == pytest.approx(6.5)
    assert spoken_by_mean(flat_NChw, weight_N2C[:, :2]).sum().item() == pytest.approx(1.5)


def test_it_decides_as_the_graph_of_the_verdict(student: Student, tmp_path: Path) -> None:
    """Same probabilities from both files; tokens row by row; a map of 0..1 whose loudest place is 1."""
    export(student, 1.3, tmp_path / "verdict.onnx")
    export_explaining(student, 1.3, tmp_path / "explain.onnx")
    pictures = {"image": _pictures(5).numpy()}
    verdict, explain = (
        onnxruntime.InferenceSession(str(tmp_path / f"{name}.onnx"), providers=["CPUExecutionProvider"])
        for name in ("verdict", "explain")
    )
    (prob_NK,) = verdict.run(["prob"], pictures)
    same_NK, tokens_NTC, cam_NHW = explain.run(["prob", "tokens", "cam"], pictures)
    assert np.abs(prob_NK - same_NK).max() < 1e-5
    with torch.inference_mode():
        expected = Explaining(student, 1.3).eval()(_pictures(5))
    for ours, theirs in zip((same_NK, tokens_NTC, cam_NHW), expected, strict=True):
        assert np.abs(ours - theirs.numpy()).max() < 1e-3
    assert tokens_NTC.shape[1] == cam_NHW.shape[1] * cam_NHW.shape[2]
    assert (cam_NHW.min(), cam_NHW.max()) == pytest.approx((0.0, 1.0), abs=1e-6)


def test_the_map_depends_on_the_weights_that_read_it(student: Student) -> None:
    """Adebayo et al. 2018: with the class's weights drawn anew the map is another one."""
    with torch.inference_mode():
        before = Explaining(student, 1.0).eval()(_pictures(6))[2]
        other = Student(student.config)
        other.load_state_dict(student.state_dict())
        torch.nn.init.normal_(other.classify.weight)
        after = Explaining(other.eval(), 1.0).eval()(_pictures(6))[2]
    alike = [np.corrcoef(a.flatten(), b.flatten())[0, 1] for a, b in zip(before.numpy(), after.numpy(), strict=True)]
    assert np.mean(alike) < 0.5
