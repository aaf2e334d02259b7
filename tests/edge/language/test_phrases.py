"""Where on the picture to look for what a piece of a report says."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.geometry import Box, Region
from edge.language.decoder import Draft
from edge.language.grammar.language import KINDS
from edge.language.grammar.languages import LANGUAGES, language_of
from edge.language.grammar.sentences import write
from edge.language.phrases import fact_phrases, own_phrases
from edge.language.state import facts_of
from edge.messages import Verdict
from edge.verdict import Reason
from tests.edge.language.verdicts import TITLES, WHOLE, verdict, verdicts

LARGE, SMALL, TWIN, ELSEWHERE = (
    Box(0, 5, 10, 40, 0.9),
    Box(90, 45, 6, 6, 0.5),
    Box(98, 50, 5, 5, 0.5),
    Box(150, 5, 4, 4, 1),
)


def pointed(about: Verdict, code: str) -> dict[str, tuple[Region, ...]]:
    """Each phrase of the facts with its places."""
    facts = facts_of(about)
    text = write(facts, code, TITLES)
    found = fact_phrases(text, facts, language_of(code), TITLES, about)
    return {text[phrase.start : phrase.end]: phrase.regions for phrase in found}


def places(*boxes: Box) -> tuple[Region, ...]:
    return tuple(Region(box.x, box.y, box.w, box.h) for box in boxes)


def test_each_fact_points_at_the_places_that_it_is_about() -> None:
    """The class at all of them, the size at the largest, each other place at its own; what to do at none."""
    given = verdict(boxes=(SMALL, LARGE, ELSEWHERE, TWIN))
    every = places(LARGE, SMALL, TWIN, ELSEWHERE)
    assert pointed(given, "en") == {
        "NG": (WHOLE,),
        "Scratch, marked in 4 places": every,
        "at the upper left (touching the edge), about 10 × 40 px, 2 % of the inspected area, running vertically": every[
            :1
        ],
        "in the centre": every[1:3],
        "at the upper right": every[3:],
        "moderate": every,
    }
    assert list(pointed(given, "zh-TW").values()) == list(pointed(given, "en").values())
    assert "左上角（觸及邊緣），約 10 × 40 px，佔檢測面積 2%，呈縱向" in pointed(given, "zh-TW")


@pytest.mark.parametrize(("reason", "is_seen"), [("blurred", True), ("cut_off", True), ("deadline", False)])
def test_what_is_not_marked_points_at_all_that_was_inspected(reason: Reason, is_seen: bool) -> None:
    """And a reason that lies in no picture at nothing."""
    given = verdict("UNDECIDED", None, (), reason=reason)
    ((said, regions),) = pointed(given, "en").items()
    assert (said, regions) == (f"UNDECIDED, {language_of('en').reason[reason]}" if is_seen else "UNDECIDED", (WHOLE,))


@given(verdicts(), st.lists(st.integers(0, 2), max_size=len(KINDS)))
def test_phrases_stand_in_order_beside_each_other(about: Verdict, variants: list[int]) -> None:
    """Whatever the verdict and the wording: none overlap, and all name places of the verdict."""
    facts = facts_of(about)
    known = {about.region, *places(*about.boxes)}
    for code, language in LANGUAGES.items():
        text = write(facts, code, TITLES, variants)
        found = fact_phrases(text, facts, language, TITLES, about)
        assert found
        assert all(0 <= phrase.start < phrase.end <= len(text) for phrase in found)
        assert all(one.end <= next_one.start for one, next_one in pairwise(found))
        assert all(phrase.regions and set(phrase.regions) <= known for phrase in found)
        seen = {region for phrase in found for region in phrase.regions}
        assert seen >= set(places(*(about.boxes[finding.box] for finding in facts.findings)))


def drafted(pieces: tuple[str, ...], looked: tuple[int, ...], tokens: int = 4) -> Draft:
    """Each piece was written looking at one token alone."""
    words = "".join(pieces)
    ends = np.cumsum([len(piece) for piece in pieces]).tolist()
    return Draft("", words, len(pieces), tuple(ends), np.eye(tokens, dtype=np.float32)[list(looked)])


def test_the_models_own_words_point_at_where_it_looked_phrase_by_phrase() -> None:
    """On average over the words of a phrase, in percent of the highest; full stops say nothing."""
    draft = drafted(("It", " lies", " near", " the", " rim", ",", " bright", "."), (0, 0, 1, 1, 3, 2, 2, 0))
    sentence = draft.words
    found = own_phrases([sentence], draft, language_of("en"), (2, 2), WHOLE)
    assert [sentence[phrase.start : phrase.end] for phrase in found] == ["It lies", "near the rim", "bright"]
    levels = [phrase.attention.rows for phrase in found if phrase.attention]
    assert levels == [((100, 0), (0, 0)), ((0, 100), (0, 50)), ((0, 0), (100, 0))]
    assert all(phrase.attention and phrase.attention.region == WHOLE for phrase in found)


def test_sentences_that_were_dropped_take_their_phrases_with_them() -> None:
    """What stays keeps its own attention, in its new place."""
    draft = drafted(("無", "瑕疵", "。", "表面", "發亮", "。"), (0, 0, 0, 1, 1, 1))
    (only,) = own_phrases(["表面發亮。"], draft, language_of("zh-TW"), (2, 2), WHOLE)
    assert (only.of, only.start, only.end) == ("words", 0, 4)
    assert only.attention is not None
    assert only.attention.rows == ((0, 100), (0, 0))


def test_attention_is_told_on_a_coarse_grid_and_not_at_all_without_places() -> None:
    """Every report is stored; and a token for the whole picture is no place."""
    draft = drafted(("Bright", "."), (0, 0), tokens=24 * 24)
    (phrase,) = own_phrases(["Bright."], draft, language_of("en"), (24, 24), WHOLE)
    assert phrase.attention is not None
    assert np.shape(phrase.attention.rows) == (8, 8)
    assert phrase.attention.rows[0][0] == 100
    assert own_phrases(["Bright."], draft, language_of("en"), None, WHOLE) == ()
