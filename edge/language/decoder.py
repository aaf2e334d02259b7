"""Runs the small decoder that writes reports: ONNX Runtime and numpy, one thread, one piece after the other.

Two graphs with the same weights. `prefill` reads the visual tokens and the facts once and gives what every later step
needs of them; `step` reads one piece, and gives what chooses the next. A step costs a tenth of a millisecond, so that
handing arrays over counts: keys and values of a layer are one array, and what does not change is laid out for it.

    prefill  ids int64 [1, S], tokens float32 [1, T, C]
             -> logits float32 [1, 1, V]; of each layer l self_l float32 [1, 2H, S, d], keys, then values of the pieces;
                of each layer keys_l [1, H, d, T] and values_l [1, H, T, d] of the visual tokens
    step     id int64 [1, 1], at int64 [1, 1] (the piece and its place, from 0), self_l [1, 2H, P, d], keys_l, values_l
             -> logits [1, 1, V], looks float32 [1, L * H, 1, T]; of each layer self_l_next [1, 2H, P + 1, d]

looks: how much each visual token was looked at for this piece, by each head of each layer; every row sums to 1.
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


@dataclass(slots=True)
class SoFar:
    """What a step needs of all that went before, as the graph takes it. at: how many pieces that is."""

    given: dict[str, NDArray[np.generic]]
    at: int


class Decoder:
    """The two graphs of one bundle and their vocabulary. One thread at a time."""

    def __init__(self, prefill: Path, step: Path, vocabulary: Vocabulary) -> None:
        """Raises BundleError where a graph cannot be opened or does not fit the vocabulary."""
        self.vocabulary = vocabulary
        self._prefill = open_aside(prefill)
        self._step = open_aside(step)
        inputs = [each.name for each in self._step.get_inputs()]
        if inputs[:2] != ["id", "at"]:
            raise BundleError(
                f"{step} was made by an edgevl that wrote reports in another way; make this bundle again with "
                "`edgevl language`"
            )
        outputs = self._step.get_outputs()
        size = outputs[0].shape[-1]
        if size != len(vocabulary):
            raise BundleError(f"{step} chooses among {size} pieces, and its vocabulary has {len(vocabulary)}")
        self._handed = inputs[2:]  # in the order in which `prefill` gives them
        self._outputs = [each.name for each in outputs]

    def write(self, tokens_TC: NDArray[np.float32], facts: Facts, language: Language, titles: Titles) -> Draft:
        """A report in one language; greedy among what the facts allow."""
        filled = fill(facts, language, titles)
        course = Course(language, filled, self.vocabulary, LONGEST_WORDS)
        said: list[int] = []
        own: list[int] = []
        looked: list[NDArray[np.float32]] = []
        logits_V, so_far = self.begin(tokens_TC, prompt_of(facts, language.code))
        while True:
            piece = int(np.where(course.allowed(), logits_V, -np.inf).argmax())
            (own if course.in_words else said).append(piece)
            course.step(piece)
            if course.is_done:
                break
            logits_V, looks_AT = self.next(piece, so_far)
            if course.in_words:
                looked.append(looks_AT.mean(axis=0))
        text = "".join(self._written(said[:-1], filled, in_words=False, language=language))
        pieces = self._written(own[:-1], filled, in_words=True, language=language)
        words = "".join(pieces).lstrip()
        ends = np.cumsum([len(piece) for piece in pieces], dtype=int) + len(words) - len("".join(pieces))
        return Draft(
            text.strip(), words.rstrip(), len(said) + len(own), tuple(ends.tolist()), np.stack(looked)[: len(pieces)]
        )

    def begin(self, tokens_TC: NDArray[np.float32], prompt: list[str]) -> tuple[NDArray[np.float32], SoFar]:
        """logits_V for the first piece, and what `next` needs. Facts that the vocabulary lacks are left out."""
        ids = [number for mark in prompt if (number := self.vocabulary.numbers.get(mark)) is not None]
        logits, *handed = self._prefill.run(None, {"ids": np.array([ids], np.int64), "tokens": tokens_TC[None]})
        return logits[0, 0], SoFar(dict(zip(self._handed, handed, strict=True)), len(ids))

    def next(self, piece: int, so_far: SoFar) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """logits_V after this piece, looks_AT of every head in every layer. `so_far` goes on from here."""
        given = so_far.given
        given["id"] = np.array([[piece]], np.int64)
        given["at"] = np.array([[so_far.at]], np.int64)
        logits, looks, *longer = self._step.run(self._outputs, given)
        given.update(zip(self._handed, longer, strict=False))  # those that grow come first
        so_far.at += 1
        return logits[0, 0], looks[0, :, 0]

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
