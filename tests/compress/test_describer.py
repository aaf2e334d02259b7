"""Models that write about pictures, each through the real door."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compress.errors import TeacherError
from compress.teachers.describer import describe, load_describer, plain
from compress.teachers.teacher import load_teacher
from tests.compress.teachers import ONLY_WRITING, WRITING, save_teacher


@pytest.mark.parametrize("family", WRITING)
def test_a_writer_says_one_line_about_each_picture_and_the_same_again(family: str, tmp_path: Path) -> None:
    """Greedy, so it repeats itself; pictures of any size; a prompt in any language."""
    describer = load_describer(str(save_teacher(tmp_path / family, family)))
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, shape, dtype=np.uint8) for shape in ((50, 70, 3), (96, 64, 3))]
    said = describe(describer, pictures, "what is wrong here? 哪裡有刮痕")
    assert len(said) == 2
    assert any(said)
    assert all(plain(line) == line for line in said)
    assert describe(describer, pictures[:1], "what is wrong here? 哪裡有刮痕") == said[:1]


def test_a_model_that_only_compares_does_not_write(tmp_path: Path) -> None:
    """The sentence names its kind, and what would do."""
    with pytest.raises(TeacherError, match=r"\(clip\) does not write sentences .* LLaVA"):
        load_describer(str(save_teacher(tmp_path / "clip")))


def test_without_its_processor(tmp_path: Path) -> None:
    """The sentence names the files to copy."""
    folder = save_teacher(tmp_path / "writer", "VisionEncoderDecoder")
    for file in folder.glob("*processor_config.json"):
        file.unlink()
    with pytest.raises(TeacherError, match=r"lacks what turns pictures .*preprocessor_config\.json"):
        load_describer(str(folder))


@pytest.mark.parametrize("family", ONLY_WRITING)
def test_an_encoder_of_free_resolution_inside_a_writer_is_no_teacher(family: str, tmp_path: Path) -> None:
    """One sentence, where the model could not be shown a plain picture."""
    with pytest.raises(TeacherError, match="has no image encoder that edgevl can find"):
        load_teacher(str(save_teacher(tmp_path / family, family)))


@pytest.mark.skipif(importlib.util.find_spec("torchvision") is not None, reason="torchvision is here, so it opens")
@pytest.mark.parametrize("family", ONLY_WRITING)
def test_a_writer_that_asks_for_torchvision_says_so(family: str, tmp_path: Path) -> None:
    """Its processor for videos needs it; the sentence says what to do instead."""
    with pytest.raises(TeacherError, match=r"only be opened with torchvision.*LLaVA"):
        load_describer(str(save_teacher(tmp_path / family, family)))


@given(st.text())
def test_what_a_model_writes_is_one_plain_line(text: str) -> None:
    """No line breaks, terminal escapes or marks that turn text around."""
    line = plain(text)
    assert line.isprintable()
    assert line == plain(line)
    assert plain("a\x1b[31m\u202e\n b") == "a [31m b"
