"""The teacher's own image side as a student: pruned, kept as plain data, and found again, in every family."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compress.errors import TeacherError
from compress.pipeline import compress
from compress.progress import SilentReporter
from compress.students.distil import Lesson, Schedule, Weights, distil
from compress.students.kinds import TeacherItself, teacher_itself
from compress.students.own_side.student import OwnStudent, load_own, save_own
from compress.teachers.features import Features
from compress.teachers.teacher import load_teacher
from edge.bundle.load import load_bundle
from edge.engines.golden import check_golden
from edge.engines.ort import OrtEngine
from tests.compress.conftest import FinishedRun
from tests.compress.small_run import SMALL
from tests.compress.teachers import SIDE, save_teacher

TRANSFORMERS = ("CLIP", "ViT", "DeiT", "DINOv2", "SigLIP", "VisionTextDualEncoder")
CONVOLUTIONAL = ("MobileNetV2", "ResNet", "ConvNeXt")
OTHER = ("BLIP", "FLAVA")  # one fused projection for queries, keys and values; projections of other names


def _kind(folder: Path, family: str) -> TeacherItself:
    return teacher_itself(load_teacher(str(save_teacher(folder / "teacher", family))), 3)


def _lesson(kind: TeacherItself) -> Lesson:
    """Noise for pictures; what matters here is that every weight gets a gradient."""
    rng = np.random.default_rng(0)
    label_M = np.arange(8) % 3
    features = Features(
        image_MHWC=rng.integers(0, 256, (8, SIDE, SIDE, 3), dtype=np.uint8),
        label_M=label_M,
        sample_M=np.arange(8),
        pooled_MD=rng.normal(size=(8, kind.teacher.dim)).astype(np.float32),
        middle_MCHW=rng.normal(size=(8, 4, *kind.grids.hint)).astype(np.float16),
        deep_MCHW=rng.normal(size=(8, 4, *kind.grids.hint)).astype(np.float16),
        map_MHW=rng.random((8, *kind.grids.map)).astype(np.float16),
        val_pooled_ND=np.zeros((0, kind.teacher.dim), np.float32),
        turns=(),
    )
    return Lesson(features, 4 * np.eye(3, dtype=np.float32)[label_M], Weights())


def _answers(student: OwnStudent) -> list[torch.Tensor]:
    pictures = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8))
    with torch.inference_mode():
        return list(student.eval()(pictures))


@pytest.mark.parametrize("family", [*TRANSFORMERS, *CONVOLUTIONAL, *OTHER])
def test_a_pruned_teacher_is_found_again_from_plain_data(tmp_path: Path, family: str) -> None:
    """Pruned twice to the shape that was measured, saved and loaded, it answers the same, and keeps its embedding."""
    kind = _kind(tmp_path, family)
    lesson = _lesson(kind)
    whole = kind.new(lesson, SilentReporter())
    student = whole
    for share in (0.25, 0.5):
        target = kind.thinned(whole, share)
        student = kind.pruned(student, target, lesson, seed=0)
        assert student.config == target.config
    save_own(student, tmp_path)
    found = _answers(load_own(tmp_path))
    assert all(torch.equal(a, b) for a, b in zip(_answers(student), found, strict=True))
    assert [a.shape for a in found] == [a.shape for a in _answers(whole)]
    assert student.parameters_count() < whole.parameters_count()
    assert student.multiply_adds() < whole.multiply_adds()


@pytest.mark.parametrize("family", TRANSFORMERS)
def test_heads_units_and_layers_go_and_the_stream_stays(tmp_path: Path, family: str) -> None:
    """Half the share of layers, a share of heads and of hidden units; the width between layers is the teacher's."""
    kind = _kind(tmp_path, family)
    whole = kind.new(_lesson(kind), SilentReporter())
    half = kind.thinned(whole, 0.5)
    assert half.config.left_out == whole.config.spare[:1]
    shapes = {name: (tuple(w.shape), tuple(half.state_dict()[name].shape)) for name, w in whole.state_dict().items()
              if name in half.state_dict()}  # fmt: skip
    query = [pair for name, pair in shapes.items() if name.endswith("q_proj.weight")]
    units = [pair for name, pair in shapes.items() if name.endswith("fc1.weight") and ".head." not in name]
    assert query
    assert all(new == (old[0] // 2, old[1]) for old, new in query)
    assert units
    assert all(new == (old[0] // 2, old[1]) for old, new in units)


@pytest.mark.parametrize("family", ["MobileNetV2", "ResNet"])
def test_what_was_learned_of_millions_of_pictures_is_not_counted_anew(tmp_path: Path, family: str) -> None:
    """BatchNorm's statistics stay the teacher's: MobileNetV2 would replace them by those of the last batch."""
    kind = _kind(tmp_path, family)
    lesson = _lesson(kind)
    student = kind.new(lesson, SilentReporter())
    before = {name: value.clone() for name, value in student.named_buffers() if "running_" in name}
    assert before
    distil(student, lesson, Schedule(2, batch=4), 0, "learns", SilentReporter())
    kind.pruned(student, kind.thinned(student, 0.25), lesson, seed=0)
    after = dict(student.named_buffers())
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_an_encoder_that_cannot_be_pruned_is_one_sentence(tmp_path: Path) -> None:
    """Rotated places defeat the dependency graph; the sentence says how to ship the encoder whole."""
    kind = _kind(tmp_path, "DINOv3")
    whole = kind.new(_lesson(kind), SilentReporter())
    with pytest.raises(TeacherError, match=r"DINOv3ViTModel cannot be pruned .* use --prune 0"):
        kind.thinned(whole, 0.5)


def test_the_copy_answers_as_its_teacher(tmp_path: Path) -> None:
    """Before any training its embedding is the teacher's, whatever layers were tried without in between."""
    kind = _kind(tmp_path, "CLIP")
    student = kind.new(_lesson(kind), SilentReporter()).eval()
    pictures = torch.randint(0, 256, (2, SIDE, SIDE, 3), dtype=torch.uint8)
    with torch.inference_mode():
        torch.testing.assert_close(student(pictures)[1], kind.teacher.vision(pictures)[0])


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    kind = _kind(folder, "CLIP")
    save_own(kind.thinned(kind.new(_lesson(kind), SilentReporter()), 0.5), folder)
    return folder


def _copied(saved: Path, folder: Path) -> Path:
    for name in ("model.json", "model.safetensors"):
        (folder / name).write_bytes((saved / name).read_bytes())
    return folder


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("architecture", "NoSuchModel", "knows no model NoSuchModel"),
        ("architecture", "logging", "knows no model logging"),
        ("left_out", ["vision.model.layer.99"], "no layer vision.model.layer.99"),
        ("shapes", {"vision.nothing": [1]}, "no weight vision.nothing"),
        ("shapes", {}, "do not fit"),
        ("num_classes", 7, "do not fit"),
        ("channels", "many", "channels"),
    ],
)
def test_a_config_of_another_model_is_one_sentence(
    saved: Path, tmp_path: Path, key: str, value: object, said: str
) -> None:
    """It names the folder, what is wrong, and what to do."""
    folder = _copied(saved, tmp_path)
    config = json.loads((folder / "model.json").read_bytes())
    (folder / "model.json").write_text(json.dumps({**config, key: value}))
    with pytest.raises(TeacherError, match=said) as caught:
        load_own(folder)
    assert str(folder) in str(caught.value)
    assert "start the run again" in str(caught.value)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(["model.json", "model.safetensors"]), kept=st.floats(0, 0.95))
def test_a_torn_file_is_one_sentence(saved: Path, tmp_path: Path, name: str, kept: float) -> None:
    """However much of it is left."""
    folder = _copied(saved, tmp_path)
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(TeacherError, match="cannot be used"):
        load_own(folder)


@pytest.mark.slow
def test_the_whole_chain_with_the_teacher_as_the_student(finished_run: FinishedRun, tmp_path: Path) -> None:
    """A bundle whose engine agrees with torch on every test picture, from a pruned CLIP."""
    reporter = SilentReporter()
    recipe = replace(SMALL, student="teacher", prune_share=0.5)
    bundle, report = compress(str(finished_run.teacher), finished_run.data, tmp_path / "out", recipe, reporter)
    assert "model input: 64x64 (the teacher's own size)" in reporter.lines
    rows = {row.name: row for row in report.rows}
    assert rows["pruned"].megabytes < rows["student"].megabytes
    assert report.parity.torch_onnx_flips == 0
    engine = OrtEngine(load_bundle(tmp_path / "out"), "int8", threads=1)
    assert check_golden(bundle, engine, "int8").ok
    engine.close()
