"""What is wrong with a model is said before the pictures are read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from compress.errors import DataError, TeacherError
from compress.pipeline import compress
from compress.progress import SilentReporter
from compress.recipe import Recipe
from compress.teachers.beforehand import demand_describer, demand_teacher
from compress.train.options import TrainOptions
from compress.train.run import train
from tests.compress import layouts
from tests.compress.small_run import write_parts
from tests.compress.teachers import save_teacher


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model; tests copy it before they change it."""
    return save_teacher(tmp_path_factory.mktemp("beforehand") / "clip")


@pytest.mark.parametrize("family", ["ViT", "ConvNeXt", "LLaVA", "BLIP"])
def test_a_whole_teacher_passes(tmp_path: Path, family: str) -> None:
    """Encoders that only see, and those inside models that write."""
    demand_teacher(str(save_teacher(tmp_path / family, family)))


def test_one_that_reads_passes_where_sentences_are_asked_for(clip: Path, tmp_path: Path) -> None:
    """And one that does not is refused."""
    demand_teacher(str(clip), reads=True)
    with pytest.raises(TeacherError, match="has no text side"):
        demand_teacher(str(save_teacher(tmp_path / "vit", "ViT")), reads=True)
    with pytest.raises(TeacherError, match="does not write sentences"):
        demand_describer(str(clip))


def test_weights_that_are_not_there(clip: Path, tmp_path: Path) -> None:
    """Cut off by a full disk, left behind by git-lfs, or one of several files forgotten."""
    folder = Path(shutil.copytree(clip, tmp_path / "clip"))
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TeacherError, match=r"model.safetensors is damaged or not whole .*; copy it again"):
        demand_teacher(str(folder))
    weights.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n")
    with pytest.raises(TeacherError, match="git lfs pull"):
        demand_teacher(str(folder))
    weights.unlink()
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model-1-of-1.safetensors"}}')
    with pytest.raises(TeacherError, match=r"lacks model-1-of-1\.safetensors"):
        demand_teacher(str(folder))


def test_a_mistyped_teacher_ends_a_run_before_it_reads(tmp_path: Path) -> None:
    """So `--data` need not even be a set that could be learnt from; no working folder is left behind either."""
    data, out, absent = write_parts(tmp_path / "data", count=1), tmp_path / "out", str(tmp_path / "absent")
    with pytest.raises(TeacherError, match="there is no folder"):
        compress(absent, data, out, Recipe(), SilentReporter())
    with pytest.raises(TeacherError, match="there is no folder"):
        train(absent, data, out, TrainOptions(), SilentReporter())
    assert not (tmp_path / "out.work").exists()


def test_a_validation_without_defects_ends_a_run_before_the_teacher_looks(clip: Path, tmp_path: Path) -> None:
    """No threshold could be fitted; it was told after student and pruning, minutes later."""
    for number, (split, name) in enumerate(
        [("train", "ok"), ("train", "dent"), ("val", "ok"), ("test", "ok"), ("test", "dent")] * 4
    ):
        layouts.write_image(tmp_path / "data" / split / name / f"{number}.png", seed=number)
    with pytest.raises(DataError, match="validation has no defective image"):
        compress(str(clip), tmp_path / "data", tmp_path / "out", Recipe(), SilentReporter())
    assert not (tmp_path / "out.work" / "1-teacher").exists()
