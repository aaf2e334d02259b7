"""The safe door: no code of a model's own, no pickle, no network for a folder, and a sentence for each."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest

from compress.errors import TeacherError
from compress.teachers.pretrained import find_folder
from compress.teachers.teacher import load_teacher
from tests.compress.teachers import save_teacher


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model; tests copy it before they change it."""
    return save_teacher(tmp_path_factory.mktemp("pretrained") / "vit", "ViT")


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "vit"))


@pytest.mark.parametrize("model_type", ["vit", "never_heard_of"])
@pytest.mark.parametrize("file", ["config.json", "preprocessor_config.json", "tokenizer_config.json"])
def test_code_of_the_models_own_is_refused_and_never_runs(folder: Path, model_type: str, file: str) -> None:
    """Whether transformers knows the kind or not; a file that would betray that it ran is not there."""
    ran = folder / "ran"
    (folder / "own.py").write_text(f"open({str(ran)!r}, 'w').close()\nclass Own: ...\n")
    said = json.loads((folder / "config.json").read_text()) | {"model_type": model_type}
    (folder / "config.json").write_text(json.dumps(said))
    kinds = ("AutoConfig", "AutoModel", "AutoTokenizer", "AutoImageProcessor")
    asking = said | {"auto_map": dict.fromkeys(kinds, "own.Own")}
    (folder / file).write_text(json.dumps(asking))
    with pytest.raises(TeacherError, match=rf"{file} asks for code of the model's own \(auto_map\)"):
        load_teacher(str(folder))
    assert not ran.exists()


def test_a_kind_that_transformers_does_not_know(folder: Path) -> None:
    """One line that names the file, and no offer to run code."""
    said = json.loads((folder / "config.json").read_text()) | {"model_type": "never_heard_of"}
    (folder / "config.json").write_text(json.dumps(said))
    with pytest.raises(TeacherError, match=r"cannot use .*config\.json") as caught:
        load_teacher(str(folder))
    assert "\n" not in str(caught.value)


def test_a_folder_is_opened_without_the_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection would raise."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert load_teacher(str(folder)).name == "vit"


@pytest.mark.parametrize("name", ["models/clip", "no-such-model", "much/too/deep/a/name", "has blanks/clip"])
def test_a_name_that_is_neither_folder_nor_within_reach(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline and not in the cache: one sentence that says both, and what to do."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(TeacherError, match=rf"there is no folder {name} here, and no model .* copy the model's folder"):
        find_folder(name)


def test_home_is_written_short(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` is the user's home also where no shell has expanded it."""
    monkeypatch.setenv("HOME", str(folder.parent))
    assert find_folder("~/vit") == folder
    with pytest.raises(TeacherError, match="there is no folder ~/absent"):
        find_folder("~/absent")


def test_a_file_instead_of_a_folder(folder: Path) -> None:
    """The sentence says to give its folder."""
    with pytest.raises(TeacherError, match="is a file; give the folder it lies in"):
        find_folder(str(folder / "model.safetensors"))
