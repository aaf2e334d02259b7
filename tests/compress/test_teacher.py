"""Every family of teachers goes through the real door, and a folder that cannot teach is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compress.errors import TeacherError
from compress.progress import SilentReporter
from compress.teachers.teacher import load_teacher
from compress.teachers.teacher_runner import open_runner
from tests.compress.teachers import FAMILIES, SIDE, save_teacher


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole teacher; tests copy it before they damage it."""
    return save_teacher(tmp_path_factory.mktemp("teacher") / "clip")


@pytest.fixture
def damaged(clip_folder: Path, tmp_path: Path) -> Path:
    """A copy of the teacher to take things from."""
    return Path(shutil.copytree(clip_folder, tmp_path / "clip"))


def _pictures(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_gives_its_declared_embedding_and_two_grids(family: str, tmp_path: Path) -> None:
    """Dual encoders and vision-only encoders alike: the embedding is the projected one where there is a projection."""
    teacher = load_teacher(str(save_teacher(tmp_path / family, family)))
    assert (teacher.name, teacher.dim) == (family, FAMILIES[family][1])
    assert (teacher.preprocessing.height, teacher.preprocessing.width) == (SIDE, SIDE)
    with torch.inference_mode():
        pooled_ND, middle_NCHW, deep_NCHW = teacher.vision(torch.from_numpy(_pictures(3)))
    assert pooled_ND.shape == (3, teacher.dim)
    assert middle_NCHW.dim() == deep_NCHW.dim() == 4
    assert all(torch.isfinite(t).all() for t in (pooled_ND, middle_NCHW, deep_NCHW))
    assert (pooled_ND[0] - pooled_ND[1]).abs().max() > 0


@pytest.mark.parametrize("family", ["CLIP", "DINOv2", "ResNet"])
def test_the_onnx_runner_agrees_with_torch_for_any_batch(family: str, tmp_path: Path) -> None:
    """One picture, and a last batch of an odd size: the exported graph must not have fixed its batch."""
    teacher = load_teacher(str(save_teacher(tmp_path / family, family)))
    reporter = SilentReporter()
    run = open_runner(teacher, tmp_path / "teacher.onnx", reporter)
    assert reporter.lines == []  # no fall-back to torch
    for count in (1, 3):
        with torch.inference_mode():
            expected = teacher.vision(torch.from_numpy(_pictures(count)))
        for ours, theirs in zip(run(_pictures(count)), expected, strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-4)


def test_mean_and_std_come_from_the_teachers_own_file(clip_folder: Path) -> None:
    """They are part of what the teacher learned; ImageNet's would dim its sight."""
    said = load_teacher(str(clip_folder)).preprocessing
    assert (said.mean, said.std) == ((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


def test_grids_keep_the_pictures_orientation(tmp_path: Path) -> None:
    """A change in the top right corner shows in the top right cell of a transformer's grid, class token dropped."""
    teacher = load_teacher(str(save_teacher(tmp_path / "vit", "ViT")))
    pictures = np.zeros((2, SIDE, SIDE, 3), np.uint8)
    pictures[1, :16, -16:] = 255
    with torch.inference_mode():
        _, middle_NCHW, _ = teacher.vision(torch.from_numpy(pictures))
    change_HW = (middle_NCHW[0] - middle_NCHW[1]).norm(dim=0)
    assert divmod(int(change_HW.argmax()), change_HW.shape[1]) == (0, 3)


def test_without_weights(damaged: Path) -> None:
    """The sentence names the file that is missing."""
    (damaged / "model.safetensors").unlink()
    with pytest.raises(TeacherError, match=r"has no weights \(model.safetensors\)"):
        load_teacher(str(damaged))


def test_pickled_weights_are_refused_with_the_way_out(damaged: Path) -> None:
    """A pickle can run code; saving again makes safetensors."""
    (damaged / "model.safetensors").rename(damaged / "pytorch_model.bin")
    with pytest.raises(TeacherError, match=r"pickle.*save_pretrained"):
        load_teacher(str(damaged))


def test_without_config(damaged: Path) -> None:
    """A folder of weights alone is not a model."""
    (damaged / "config.json").unlink()
    with pytest.raises(TeacherError, match=r"has no config\.json"):
        load_teacher(str(damaged))


def test_a_missing_folder_is_never_looked_up_on_the_network(tmp_path: Path) -> None:
    """A path that does not exist is a mistake, not a model's name."""
    with pytest.raises(TeacherError, match="there is no folder"):
        load_teacher(str(tmp_path / "absent"))


def test_a_preprocessor_file_that_is_not_json(damaged: Path) -> None:
    """Named, not skipped: silently taking ImageNet's mean would cost accuracy."""
    (damaged / "preprocessor_config.json").write_text("{")
    with pytest.raises(TeacherError, match=r"preprocessor_config\.json is not valid JSON"):
        load_teacher(str(damaged))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(min_value=0, max_value=400), file=st.sampled_from(["model.safetensors", "config.json"]))
def test_a_file_cut_short_is_one_sentence(clip_folder: Path, tmp_path: Path, cut: int, file: str) -> None:
    """Wherever a copy stopped."""
    folder = tmp_path / "cut"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(clip_folder, folder)
    (folder / file).write_bytes((clip_folder / file).read_bytes()[:cut])
    with pytest.raises(TeacherError) as caught:
        load_teacher(str(folder))
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_weights_of_another_model_are_not_filled_with_noise(damaged: Path, tmp_path: Path) -> None:
    """Missing weights would be drawn at random, and a random teacher teaches nothing."""
    other = save_teacher(tmp_path / "other", "ResNet")
    shutil.copy(other / "model.safetensors", damaged / "model.safetensors")
    with pytest.raises(TeacherError, match=r"do not fit its config\.json"):
        load_teacher(str(damaged))


def test_a_classifiers_checkpoint_teaches_without_the_pooler_it_lacks(tmp_path: Path) -> None:
    """A pooler drawn at random would scramble the embedding, differently at each start."""
    config = transformers.ViTConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=SIDE, num_labels=3
    )
    transformers.ViTForImageClassification(config).save_pretrained(tmp_path)
    first, second = (load_teacher(str(tmp_path)) for _ in range(2))
    with torch.inference_mode():
        ours, again = (t.vision(torch.from_numpy(_pictures(2)))[0] for t in (first, second))
    assert torch.equal(ours, again)
