"""Runs the small decoder that writes reports: ONNX Runtime and numpy, one thread, one piece after the other.

Two graphs with the same weights. `prefill` reads the visual tokens and the facts once and gives what every later step
needs of them (keys and values of the self- and the cross-attention); `step` reads one piece, and gives the next.

    prefill  ids int64 [1, S], tokens float32 [1, T, C]
             -> logits float32 [1, V], self_kv float32 [L, 2, 1, H, S, d], cross_kv float32 [L, 2, 1, H, T, d]
    step     id int64 [1, 1], self_kv [L, 2, 1, H, P, d], cross_kv
             -> logits [1, V], self_kv [L, 2, 1, H, P + 1, d], attention float32 [1, T]

attention: how much each visual token was looked at for this piece, over all heads and layers; sums to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.engines.aside import open_aside
from edge.errors import BundleError
from edge.facts import Facts, Titles
from edge.language.course import Course
from edge.language.grammar.language import Language
from edge.language.grammar.slots import fill
from edge.language.vocabulary import CLASS_SLOT, Vocabulary, prompt_of

LONGEST_WORDS = 48  # pieces that the model adds of its own


@dataclass(frozen=True, slots=True)
class Draft:
    """What a decoder wrote. text: the facts in its wording. words: its own prose. pieces: how many were written.

    ends: where each piece of `words` ends in it. looked_PT: where the decoder looked for each of them, float32.
    """

    text: str
    words: str
    pieces: int
    ends: tuple[int, ...]
    looked_PT: NDArray[np.float32]


class Decoder:
    """The two graphs of one bundle and their vocabulary. One thread at a time."""

    def __init__(self, prefill: Path, step: Path, vocabulary: Vocabulary) -> None:
        """Raises BundleError where a graph cannot be opened or does not fit the vocabulary."""
        self.vocabulary = vocabulary
        self._prefill = open_aside(prefill)
        self._step = open_aside(step)
        size = self._step.get_outputs()[0].shape[-1]
        if size != len(vocabulary):
            raise BundleError(f"{step} chooses among {size} pieces, and its vocabulary has {len(vocabulary)}")

    def write(self, tokens_TC: NDArray[np.float32], facts: Facts, language: Language, titles: Titles) -> Draft:
        """A report in one language; greedy among what the facts allow."""
        filled = fill(facts, language, titles)
        course = Course(language, filled, self.vocabulary, LONGEST_WORDS)
        said: list[int] = []
        own: list[int] = []
        looked: list[NDArray[np.float32]] = []
        logits_V, self_kv, cross_kv = self.begin(tokens_TC, prompt_of(facts, language.code))
        while True:
            piece = int(np.where(course.allowed(), logits_V, -np.inf).argmax())
            (own if course.in_words else said).append(piece)
            course.step(piece)
            if course.is_done:
                break
            logits_V, self_kv, attention_T = self.next(piece, self_kv, cross_kv)
            if course.in_words:
                looked.append(attention_T)
        text = "".join(self._written(said[:-1], filled, in_words=False, language=language))
        pieces = self._written(own[:-1], filled, in_words=True, language=language)
        words = "".join(pieces).lstrip()
        ends = np.cumsum([len(piece) for piece in pieces], dtype=int) + len(words) - len("".join(pieces))
        return Draft(
            text.strip(), words.rstrip(), len(said) + len(own), tuple(ends.tolist()), np.stack(looked)[: len(pieces)]
        )

    def begin(
        self, tokens_TC: NDArray[np.float32], prompt: list[str]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """logits_V for the first piece, self_kv, cross_kv. Facts that the vocabulary lacks are left out."""
        ids = [number for mark in prompt if (number := self.vocabulary.numbers.get(mark)) is not None]
        given = {"ids": np.array([ids], np.int64), "tokens": tokens_TC[None]}
        logits, self_kv, cross_kv = self._prefill.run(None, given)
        return logits[0], self_kv, cross_kv

    def next(
        self, piece: int, self_kv: NDArray[np.float32], cross_kv: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """logits_V after this piece, self_kv with it, attention_T."""
        given = {"id": np.array([[piece]], np.int64), "self_kv": self_kv, "cross_kv": cross_kv}
        logits, self_kv, attention = self._step.run(None, given)
        return logits[0], self_kv, attention[0]

    def _written(self, ids: list[int], filled: dict[str, str], *, in_words: bool, language: Language) -> list[str]:
        """The pieces with their slots filled."""
        pieces = [self.vocabulary.pieces[number] for number in ids]
        if in_words and "class" in filled:
            called = filled["class"].lower() if language.is_spaced else filled["class"]
            return [piece.replace(CLASS_SLOT, called) for piece in pieces]
        return [_with_slot(piece, filled) for piece in pieces]


def _with_slot(piece: str, filled: dict[str, str]) -> str:
    bare = piece.strip()
    if not (bare.startswith("{") and bare.endswith("}") and len(bare) > 2):
        return piece
    return piece.replace(bare, filled[bare[1:-1]])
