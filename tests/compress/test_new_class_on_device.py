"""A class that was added is a class like any other to the device: the line, its reports, `verify`, `why` and `ask`."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner

from edge.bench.framelist import FrameList
from edge.bundle.load import Bundle
from edge.line.plan import CameraPlan
from edge.store.history import History
from edgevl import app
from tests.bundles import flat
from tests.compress.dim_class import DIM, add_dim, make_base, write_pictures
from tests.edge.lines import built_line


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    base = make_base(tmp_path_factory.mktemp("device"))
    return add_dim(base, base.path.parent / "more").bundle


@pytest.fixture(scope="module")
def picture(version: Bundle) -> Path:
    file = version.path.parent / "dim-part.png"
    cv2.imwrite(str(file), flat(DIM))
    return file


def _said(*command: object) -> str:
    done = CliRunner().invoke(app, [str(word) for word in command])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_line_names_it(version: Bundle, tmp_path: Path) -> None:
    """Stored and published like any defect; parts of known classes keep theirs."""
    frames = FrameList("left", [flat(level) for level in (0, DIM, 255, DIM)])
    with built_line(version.path, tmp_path, [CameraPlan(frames, waits=True)]) as bench:
        bench.line.start()
        assert bench.line.wait(60)
        bench.line.stop()
    named = [stored.verdict.class_name for stored in History(tmp_path).recent(10)]
    assert sorted(str(name) for name in named) == ["black", "dim", "dim", "white"]


def test_verify_measures_it(version: Bundle, tmp_path: Path) -> None:
    """Labelled pictures of it, which the bundle before did not know, are judged beside those of known classes."""
    for name, level in (("black", 0), ("dim", DIM), ("white", 255)):
        write_pictures(tmp_path / name, level, 6, level)
    options = ("--data", tmp_path, "--split", "all", "--engine", "cpu")
    assert "does not know: dim (6)" in _said("verify", version.path.parent / "base", *options)
    said = _said("verify", version.path, *options)
    assert "does not know" not in said
    assert "A: no wrong decision" in said


def test_why_and_ask_call_it_by_its_name(version: Bundle, picture: Path, tmp_path: Path) -> None:
    """In both languages; one without a title goes by its name."""
    why = _said("why", picture, "--bundle", version.path, "--out", tmp_path / "why.png")
    assert "NG, dim" in why
    answers = _said("ask", picture, "What is the defect? 這是什麼瑕疵？", "--bundle", version.path)
    assert "dim" in answers
    assert "昏暗" in answers
