"""Facts as sentences, and back."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bundle.manifest import ClassSpec
from edge.errors import ConfigError
from edge.facts import Action, Facts, Orientation, Place, Severity, Titles
from edge.geometry import Box
from edge.language.grammar.language import KINDS
from edge.language.grammar.languages import LANGUAGES, language_of
from edge.language.grammar.sentences import read_back, says, write
from edge.language.state import facts_of
from edge.messages import Verdict
from edge.verdict import Reason, Status
from tests.edge.language.verdicts import CLASSES, TITLES, verdict, verdicts

_VARIANTS = st.lists(st.integers(0, 2), max_size=len(KINDS))


@given(verdicts(), _VARIANTS)
def test_every_report_reads_back_as_the_facts_it_was_written_from(verdict: Verdict, variants: list[int]) -> None:
    """In every language, whichever way each sentence is said."""
    facts = facts_of(verdict)
    for language in LANGUAGES:
        text = write(facts, language, TITLES, variants)
        assert says(text, facts, language, TITLES), text
        assert "\n" not in text


@given(verdicts(), verdicts())
def test_a_report_does_not_say_the_facts_of_another_part(one: Verdict, other: Verdict) -> None:
    """Where two parts differ in anything that is said, so do their reports, and neither reads as the other."""
    for language in LANGUAGES:
        said = write(facts_of(one), language, TITLES)
        assert (said == write(facts_of(other), language, TITLES)) == says(said, facts_of(other), language, TITLES)


@given(verdicts(), st.text(min_size=1, max_size=30))
def test_a_class_may_be_called_anything(verdict: Verdict, title: str) -> None:
    """Also what looks like a pattern, a slot or a sentence."""
    titles = Titles([*CLASSES[:1], ClassSpec("scratch", "defect", {"en": title, "zh-TW": title})])
    for language in LANGUAGES:
        assert says(write(facts_of(verdict), language, titles), facts_of(verdict), language, titles)


def test_a_report_reads_as_people_write_it() -> None:
    """The first way of each sentence, in full."""
    boxes = (Box(0, 5, 10, 40, 0.9), Box(90, 45, 6, 6, 0.5))
    facts = facts_of(verdict(boxes=boxes, probability=0.62))
    assert write(facts, "en", TITLES) == (
        "NG: Scratch, marked in 2 places. Largest place: at the upper left (touching the edge), about 10 × 40 px, "
        "2 % of the inspected area, running vertically. Also in the centre. Severity: moderate. "
        "The model is not sure of this (62 %). To do: take the part out and have a person check it again."
    )
    assert write(facts, "zh-TW", TITLES) == (
        "判定 NG：刮傷，標示 2 處。最大一處位於左上角（觸及邊緣），約 10 × 40 px，佔檢測面積 2%，呈縱向。其餘位於中央。"
        "嚴重程度：中等。模型信心偏低（62%），請留意。處置：剔除，建議人工複檢。"
    )


@pytest.mark.parametrize("text", ["", "OK", "NG: Scratch", "NG: Dragon.", "NG: Scratch. Nothing wrong here.", "判定"])
def test_what_is_no_report_is_not_read(text: str) -> None:
    """A part of it that is no sentence of the grammar makes all of it unreadable."""
    assert not read_back(text, "en", TITLES)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_language_has_a_word_for_every_value(code: str) -> None:
    """A value that is new to a verdict is new to every language."""
    language = LANGUAGES[code]
    for words, values in (
        (language.status, Status),
        (language.reason, Reason),
        (language.place, Place),
        (language.orientation, Orientation),
        (language.severity, Severity),
        (language.action, Action),
    ):
        assert set(words) == set(get_args(values))
        assert len(set(words.values())) == len(words)
    assert set(language.sentences) == set(KINDS)


def test_an_unknown_language_is_refused_by_name() -> None:
    """With those that there are."""
    with pytest.raises(ConfigError, match="'tlh'; there are: zh-TW, en"):
        language_of("tlh")


def test_facts_are_frozen() -> None:
    """Both languages are written from the same facts, which nobody can change between them."""
    facts: Facts = facts_of(verdict())
    with pytest.raises(AttributeError):
        facts.status = "OK"  # type: ignore[misc]
