"""The teacher's first layers as a student: as they are, kept without the rest, at any size the teacher takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compress.errors import TeacherError
from compress.students.export import export
from compress.students.own_side.first_layers import FirstLayers, first_layers_of, load_first, save_first, takes
from compress.teachers.teacher import Teacher, load_teacher
from edge.bundle.manifest import InputSpec
from tests.compress.teachers import SIDE, save_teacher

FAMILIES = ("MobileNetV2", "ResNet", "ConvNeXt", "CLIP", "DINOv2", "SigLIP")
OWN = InputSpec(SIDE, SIDE)


def _teacher(folder: Path, family: str) -> Teacher:
    return load_teacher(str(save_teacher(folder / "teacher", family)))


def _pictures(spec: InputSpec) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).integers(0, 256, (2, spec.height, spec.width, 3), dtype=np.uint8))


def _answers(student: FirstLayers, pictures: torch.Tensor) -> list[torch.Tensor]:
    with torch.inference_mode():
        return [*student(pictures), *student.trunk(pictures.permute(0, 3, 1, 2) / 255)]


@pytest.mark.parametrize("family", FAMILIES)
def test_they_are_the_teachers_and_are_kept_without_what_comes_after(tmp_path: Path, family: str) -> None:
    """The same middle and deep features; found again from a file that lacks the last layers."""
    teacher = _teacher(tmp_path, family)
    student = first_layers_of(teacher, OWN, 1)
    pictures = _pictures(OWN)
    with torch.inference_mode():
        theirs = teacher.vision(pictures)[1:]
    for ours, wanted in zip(student.trunk(pictures.permute(0, 3, 1, 2) / 255), theirs, strict=True):
        torch.testing.assert_close(ours, wanted, rtol=1e-3, atol=1e-4)
    save_first(student, tmp_path)
    found = load_first(tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(_answers(student, pictures), _answers(found, pictures), strict=True))
    whole = sum(p.numel() for p in teacher.vision.parameters())
    assert found.parameters_count() - sum(p.numel() for p in found.embed.parameters()) < whole
    assert found.config.unread


def test_a_convolutional_teacher_sees_pictures_of_another_shape(tmp_path: Path) -> None:
    """The grids grow with the picture, and the graph holds no weight of the layers that are not read."""
    teacher = _teacher(tmp_path, "MobileNetV2")
    wide = InputSpec(SIDE, 2 * SIDE)
    assert takes(teacher, wide)
    student = first_layers_of(teacher, wide, 1)
    assert student.config.grids.hint[1] == 2 * student.config.grids.hint[0]
    export(student, 1.0, tmp_path / "graph.onnx")
    assert (tmp_path / "graph.onnx").stat().st_size < 4 * 1.2 * student.parameters_count() + 60_000


def test_a_transformer_of_one_size_says_so(tmp_path: Path) -> None:
    """It is shipped at its own."""
    assert not takes(_teacher(tmp_path, "CLIP"), InputSpec(SIDE, 2 * SIDE))


def test_only_the_heads_learn(tmp_path: Path) -> None:
    """Training mode changes nothing in the teacher's layers, and none of their weights asks for a gradient."""
    student = first_layers_of(_teacher(tmp_path, "MobileNetV2"), OWN, 1).train()
    assert not any(module.training for module in student.vision.modules())
    assert {n.partition(".")[0] for n, p in student.named_parameters() if p.requires_grad} == {
        "embed", "classify", "map_coarse", "map_fine", "map_out",
    }  # fmt: skip


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    save_first(first_layers_of(_teacher(folder, "ResNet"), OWN, 1), folder)
    return folder


@given(file=st.sampled_from(["model.json", "model.safetensors"]), data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_one_sentence(
    saved: Path, tmp_path_factory: pytest.TempPathFactory, file: str, data: st.DataObject
) -> None:
    """Cut off anywhere, it is named with what to do."""
    folder = tmp_path_factory.mktemp("damaged")
    for name in ("model.json", "model.safetensors"):
        (folder / name).write_bytes((saved / name).read_bytes())
    whole = (folder / file).read_bytes()
    (folder / file).write_bytes(whole[: data.draw(st.integers(0, len(whole) - 2))])
    with pytest.raises(TeacherError, match="delete the folder and start the run again"):
        load_first(folder)
