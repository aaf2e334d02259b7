"""The grammar that the reader of questions is taught with, and how wordings apart are kept apart."""

from __future__ import annotations

import numpy as np

from compress.questions.apart import REFUSED, limits, shares, votes_apart
from compress.questions.grammar import drawn, vocabulary
from compress.questions.haste import in_haste
from compress.questions.kinds import TAUGHT
from compress.questions.wordings import tongues


def test_every_wording_can_be_drawn_with_nothing_left_to_choose() -> None:
    """All slots and choices are filled, in both languages; the same seed draws the same."""
    questions = list(drawn(np.random.default_rng(3), 1))
    assert not any(set("[]{}|") & set(one.text) for one in questions)
    assert {(one.language, one.kind) for one in questions} == {(one, kind) for one in tongues() for kind in TAUGHT}
    assert questions == list(drawn(np.random.default_rng(3), 1))


def test_haste_changes_one_character_of_a_word_and_keeps_the_rest() -> None:
    """A slip is one letter; English words stand for Chinese ones."""
    rng = np.random.default_rng(0)
    english = {in_haste("where is the scratch", "en", rng) for _ in range(60)}
    assert {"where is scratch", "where is the scratch"} <= english
    chinese = {in_haste("瑕疵的位置", "zh-TW", rng) for _ in range(60)}
    assert any("defect" in one for one in chinese)


def test_the_limits_refuse_the_share_that_is_promised() -> None:
    """Of questions as people put them that nobody can answer, in each language."""
    asked = [one for one in drawn(np.random.default_rng(1), 1) if one.as_put][::5]
    votes = votes_apart(asked)
    for language in tongues():
        of_language = [vote for vote in votes if vote.asked.language == language]
        assert shares(of_language, limits(votes))[1] >= REFUSED


def test_the_vocabulary_holds_what_templates_and_names_are_made_of() -> None:
    """The commonest word first; what was typed in haste may be a slip, and is left out."""
    words = vocabulary(["how many {X}", "how [large|big]", "quagga quagga okapi"])
    assert {"how", "many", "large", "scratch", "left"} <= set(words)
    assert words.index("quagga") < words.index("okapi")
    assert "reslt" not in vocabulary(tongues()["en"].kinds["status"].hasty)


def test_what_people_put_is_drawn_letter_by_letter_once() -> None:
    """The rest of it is the same in other words around it, or typed in haste."""
    put = tongues()["zh-TW"].kinds["where"].hasty[0]
    of_it = [one for one in drawn(np.random.default_rng(0), 3) if one.wording == put and one.kind == "where"]
    assert len(of_it) == 3
    assert of_it[0].as_put
