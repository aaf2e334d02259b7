"""Runs the small decoder that writes reports: ONNX Runtime and numpy, one thread, one piece after the other.

Three graphs with the same weights. `see` reads the visual tokens, once. `read` reads some pieces: the facts, then each
time that the decoder had a choice what it chose and all that follows from it, for most of a report does. `step` reads
one piece, and is faster at that. A step costs a tenth of a millisecond, so that handing arrays over counts: keys and
values of a layer are one array, and what does not change is laid out for it.

    see    tokens float32 [1, T, C] -> of each layer l keys_l [1, H, d, T], values_l [1, H, T, d] of the visual tokens
    read   ids int64 [1, S], at int64 [1, S] (the pieces and their places, from 0), of each layer self_l float32
           [1, 2H, P, d], keys, then values of the P pieces before, then keys_l, values_l
           -> logits float32 [1, 1, V] of what comes next, looks float32 [1, L * H, 1, T]; of each layer self_l_next
           [1, 2H, P + S, d]
    step   the same for S = 1

looks: how much each visual token was looked at for the last piece, by each head of each layer; every row sums to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.engines.aside import open_aside
from edge.errors import BundleError
from edge.facts import Facts, Titles
from edge.language.course import Course
from edge.language.grammar.language import Language
from edge.language.grammar.slots import fill
from edge.language.vocabulary import CLASS_SLOT, WORDS, Vocabulary, prompt_of

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


class DecoderFiles(NamedTuple):
    """The three graphs."""

    see: Path
    read: Path
    step: Path


class Decoder:
    """The graphs of one bundle and their vocabulary. One thread at a time."""

    def __init__(self, files: DecoderFiles, vocabulary: Vocabulary) -> None:
        """Raises BundleError where a graph cannot be opened or does not fit the vocabulary."""
        self.vocabulary = vocabulary
        self._see, self._read, self._step = (open_aside(file) for file in files)
        inputs, outputs = self._read.get_inputs(), self._read.get_outputs()
        size = outputs[0].shape[-1]
        if size != len(vocabulary):
            raise BundleError(f"{files.read} chooses among {size} pieces, and its vocabulary has {len(vocabulary)}")
        self._seen = [each.name for each in self._see.get_outputs()]
        self._outputs = [each.name for each in outputs]
        self._grows = [each.name for each in inputs if each.name.startswith("self_")]
        _, groups, _, depth = inputs[2].shape
        self._nothing_yet = np.zeros((1, groups, 0, depth), np.float32)

    def write(self, tokens_TC: NDArray[np.float32], facts: Facts, language: Language, titles: Titles) -> Draft:
        """A report in one language; greedy among what the facts allow."""
        filled = fill(facts, language, titles)
        course = Course(language, filled, self.vocabulary, LONGEST_WORDS)
        looked = [np.zeros((0, len(tokens_TC)), np.float32)]
        so_far = self.begin(tokens_TC)
        ids = [*course.forced()]
        unread = [*self.prompt_ids(facts, language), *ids]
        while not course.is_done:
            logits_V, looks_AT = self.read(unread, so_far)
            if course.in_words:
                looked.append(looks_AT.mean(axis=0, keepdims=True))
            piece = int(np.where(course.allowed(), logits_V, -np.inf).argmax())
            course.step(piece)
            unread = [piece, *course.forced()]
            ids += unread
        facts_end = ids.index(self.vocabulary.numbers[WORDS])
        text = "".join(self._written(ids[:facts_end], filled, in_words=False, language=language))
        pieces = self._written(ids[facts_end + 1 : -1], filled, in_words=True, language=language)
        words = "".join(pieces).lstrip()
        ends = np.cumsum([len(piece) for piece in pieces], dtype=int) + len(words) - len("".join(pieces))
        looked_PT = np.concatenate(looked)[: len(pieces)]
        return Draft(text.strip(), words.rstrip(), len(ids), tuple(ends.tolist()), looked_PT)

    def prompt_ids(self, facts: Facts, language: Language) -> list[int]:
        """What a report begins with, unseen. Facts that the vocabulary lacks are left out."""
        marks = prompt_of(facts, language.code)
        return [number for mark in marks if (number := self.vocabulary.numbers.get(mark)) is not None]

    def begin(self, tokens_TC: NDArray[np.float32]) -> SoFar:
        """What `read` needs for the first pieces."""
        seen = self._see.run(self._seen, {"tokens": tokens_TC[None]})
        nothing = dict.fromkeys(self._grows, self._nothing_yet)
        return SoFar({**nothing, **dict(zip(self._seen, seen, strict=True))}, 0)

    def read(self, pieces: Sequence[int], so_far: SoFar) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """logits_V after these pieces, looks_AT of every head in every layer. `so_far` goes on from here."""
        given = so_far.given
        end = so_far.at + len(pieces)
        given["ids"] = np.array([pieces], np.int64)
        given["at"] = np.arange(so_far.at, end, dtype=np.int64)[None]
        graph = self._step if len(pieces) == 1 else self._read
        logits, looks, *longer = graph.run(self._outputs, given)
        given.update(zip(self._grows, longer, strict=True))
        so_far.at = end
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
