"""What a decoder may write next, so that a report says its facts: all of them, once, in order, and nothing else.

First the sentences of the fact grammar, piece by piece: the decoder chooses among the ways to say a fact, never among
facts. Then the mark for its own words, and those freely; only what names the part's class stays a slot.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge.language.grammar.language import Language
from edge.language.grammar.sentences import frame
from edge.language.grammar.slots import kinds_of
from edge.language.vocabulary import CLASS_SLOT, END, WORDS, Vocabulary, split


class Course:
    """Where a report stands. `allowed` before each piece, `step` after it."""

    def __init__(
        self, language: Language, filled: Mapping[str, str], vocabulary: Vocabulary, longest_words: int
    ) -> None:
        """filled: the slots that have a text. longest_words: pieces of the model's own at most."""
        self._vocabulary = vocabulary
        self._stages = stages_of(language, filled, vocabulary)
        self._at = 0
        self._left = self._stages[0]
        is_good = filled["status"] == language.status["OK"]
        self._free_V = _free(vocabulary, "class" in filled and not is_good)
        self._words_left = longest_words
        self.in_words = False
        self.is_done = False

    def allowed(self) -> NDArray[np.bool_]:
        """Which pieces may come next, bool [V]; at least one."""
        if self.in_words:
            return self._free_V if self._words_left > 0 else _only(self._vocabulary, END)
        allowed_V = np.zeros(len(self._vocabulary), np.bool_)
        allowed_V[[way[0] for way in self._left]] = True
        return allowed_V

    def forced(self) -> tuple[int, ...]:
        """The pieces that come next whatever the decoder makes of them, for nothing else is allowed; written."""
        written: list[int] = []
        while not self.is_done and (piece := self._only_one()) is not None:
            written.append(piece)
            self.step(piece)
        return tuple(written)

    def _only_one(self) -> int | None:
        if self.in_words:
            return None if self._words_left > 0 else self._vocabulary.numbers[END]
        nexts = {way[0] for way in self._left}
        return nexts.pop() if len(nexts) == 1 else None

    def step(self, piece: int) -> None:
        """A piece was written; it must have been allowed."""
        if self.in_words:
            self._words_left -= 1
            self.is_done = piece == self._vocabulary.numbers[END]
            return
        self._left = tuple(way[1:] for way in self._left if way[0] == piece)
        if any(not way for way in self._left):
            self._at += 1
            self.in_words = self._at == len(self._stages)
            self._left = () if self.in_words else self._stages[self._at]


def stages_of(
    language: Language, filled: Mapping[str, str], vocabulary: Vocabulary
) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """For each sentence of a report, the ways to say it, as pieces; and last the mark for the model's own words."""
    stages = []
    for number, kind in enumerate(kinds_of(filled)):
        gap = language.gap if number else ""
        count = len(language.sentences[kind])
        frames = dict.fromkeys(gap + frame(language, kind, variant, filled) for variant in range(count))
        stages.append(_without_prefixes([ids for text in frames if (ids := vocabulary.ids(split(text))) is not None]))
    return (*stages, ((vocabulary.numbers[WORDS],),))


def _without_prefixes(ways: list[list[int]]) -> tuple[tuple[int, ...], ...]:
    """A way that begins another one would end it early."""
    assert ways, "the vocabulary has every sentence of the grammar"
    kept = [way for way in ways if not any(other != way and other[: len(way)] == way for other in ways)]
    return tuple(tuple(way) for way in kept)


def _free(vocabulary: Vocabulary, has_class: bool) -> NDArray[np.bool_]:
    words = [n >= vocabulary.first_word and "{" not in piece for n, piece in enumerate(vocabulary.pieces)]
    allowed_V = np.array(words, np.bool_)
    allowed_V[vocabulary.numbers[END]] = True
    if has_class:
        allowed_V[[vocabulary.numbers[CLASS_SLOT], vocabulary.numbers[" " + CLASS_SLOT]]] = True
    return allowed_V


def _only(vocabulary: Vocabulary, piece: str) -> NDArray[np.bool_]:
    allowed_V = np.zeros(len(vocabulary), np.bool_)
    allowed_V[vocabulary.numbers[piece]] = True
    return allowed_V
