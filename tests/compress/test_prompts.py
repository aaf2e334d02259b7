"""The prompts file: sentences per class, and a sentence for each way to get it wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compress.teachers.prompts import read_prompts
from edge.errors import EdgevlError


def _written(folder: Path, text: str) -> Path:
    file = folder / "prompts.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_several_sentences_a_class_in_any_language(tmp_path: Path) -> None:
    """Classes come in the order of their names; a class without sentences is called by its name."""
    text = '[classes.scratch]\nprompts = ["a scratch on steel", "表面刮痕"]\n[classes.ok]\n'
    text += '[classes."破損"]\nkind = "good"\n'
    said = read_prompts(_written(tmp_path, text))
    assert said.names == ("ok", "scratch", "破損")
    assert said.sentences("scratch") == ("a scratch on steel", "表面刮痕")
    assert said.sentences("ok") == ("ok",)
    assert [said.kind(name) for name in said.names] == ["good", "defect", "good"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[classes.a]\nprompts = ['x']\n", "names 1 class; a teacher can only choose between two or more"),
        ("[classes.a]\npromts = ['x']\n[classes.b]\n", r"\[classes\.a\].*unknown key `promts`; did you mean `prompts`"),
        ("[classes.a]\nprompts = ['x']\n[classes.b]\nprompts = ['X ']\n", "'X ' stands for a and for b"),
        ("[classes.a]\nprompts = [' ']\n[classes.b]\n", "a prompt of a is blank"),
        ("[classes.a]\nkind = 'bad'\n[classes.b]\n", r"\[classes\.a\].*`kind` is 'bad'"),
        ("[classes]\na = 3\n[classes.b]\n", "every class is a table of its own"),
        ("[class.a]\n", "unknown key `class`"),
        ("", "classes"),
        ("[classes", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_the_file(tmp_path: Path, text: str, sentence: str) -> None:
    """One line that names the file and what to change."""
    file = _written(tmp_path, text)
    with pytest.raises(EdgevlError, match=sentence) as caught:
        read_prompts(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.recursive(
        st.one_of(st.booleans(), st.integers(-9, 9), st.just("'x'"), st.just("''")),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=5,
    ),
    where=st.sampled_from(["classes = {}", "[classes]\na = {}", "[classes.a]\nprompts = {}", "[classes.a]\nkind = {}"]),
)
def test_no_value_is_worse_than_one_sentence(tmp_path: Path, value: object, where: str) -> None:
    """Whatever stands where a list of sentences should."""
    written = str(value).replace('"', "").replace("True", "true").replace("False", "false")
    file = _written(tmp_path, where.format(written) + "\n[classes.b]\n[classes.c]\n")
    try:
        read_prompts(file)
    except EdgevlError as error:
        assert "\n" not in str(error)  # noqa: PT017 - most are refused, some are fine
