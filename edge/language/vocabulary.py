"""The pieces that reports are made of: words or characters, each with the space before it.

Joining pieces gives the text back. A small vocabulary of its own, as plain JSON: a report needs some hundred pieces,
and a decoder over tens of thousands would spend its time on choosing among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import msgspec

from edge.errors import BundleError
from edge.facts import PLACES, Action, Facts, Orientation, Severity
from edge.language.grammar.slots import SLOTS
from edge.verdict import Reason, Status

PAD, END, WORDS = "<pad>", "<end>", "<words>"  # WORDS: what follows is the model's own
CLASS_SLOT = "{class}"
_PIECE = re.compile(r" ?(?:\{[a-z]+\}|[A-Za-zÀ-ɏ]+(?:['’-][A-Za-zÀ-ɏ]+)*|\S)")
_MOST_COUNTED = 3
_MOST_PIECES = 20_000


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every piece once; its place is its number. The first ones are marks and facts, which are never written."""

    pieces: tuple[str, ...]
    numbers: dict[str, int]
    first_word: int

    def ids(self, pieces: Iterable[str]) -> list[int] | None:
        """Their numbers; None where one is not known."""
        found = [self.numbers.get(piece) for piece in pieces]
        return None if None in found else [number for number in found if number is not None]

    def __len__(self) -> int:
        return len(self.pieces)


def split(text: str) -> list[str]:
    """The pieces of a text with single spaces."""
    return _PIECE.findall(text)


def prompt_of(facts: Facts, language: str) -> list[str]:
    """The facts as marks, the language last: what the decoder reads before it writes."""
    marks = [f"status:{facts.status}"]
    marks += [] if facts.reason is None else [f"reason:{facts.reason}"]
    marks += [] if facts.class_name is None else [f"class:{facts.class_name}"]
    marks.append(f"count:{min(facts.count, _MOST_COUNTED)}")
    if facts.findings:
        largest = facts.findings[0]
        marks.append(f"place:{largest.place}")
        marks += [f"lies:{largest.orientation}"] if largest.orientation else []
    marks += [f"severity:{facts.severity}"] if facts.severity else []
    return [*marks, f"action:{facts.action}", f"language:{language}"]


def new_vocabulary(classes: Iterable[str], languages: Iterable[str], words: Iterable[str]) -> Vocabulary:
    """A vocabulary for these classes and languages, and these pieces of sentences."""
    marks = [PAD, END, WORDS]
    for kind, values in (
        ("status", get_args(Status)),
        ("reason", get_args(Reason)),
        ("class", tuple(classes)),
        ("count", range(_MOST_COUNTED + 1)),
        ("place", PLACES),
        ("lies", get_args(Orientation)),
        ("severity", get_args(Severity)),
        ("action", get_args(Action)),
        ("language", tuple(languages)),
    ):
        marks += [f"{kind}:{value}" for value in values]
    slots = [space + "{" + slot + "}" for slot in SLOTS for space in ("", " ")]
    return _numbered([*marks, *slots, *sorted(set(words) - set(slots))])


def save_vocabulary(vocabulary: Vocabulary, file: Path) -> None:
    file.write_bytes(msgspec.json.encode(_File(vocabulary.pieces)))


def load_vocabulary(file: Path) -> Vocabulary:
    """Raises BundleError where the file is damaged."""
    try:
        pieces = msgspec.json.decode(file.read_bytes(), type=_File).pieces
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleError(f"{file} is damaged: {error}; copy the bundle again") from error
    if len(set(pieces)) != len(pieces) or len(pieces) > _MOST_PIECES or tuple(pieces[:3]) != (PAD, END, WORDS):
        raise BundleError(f"{file} is no vocabulary of reports; copy the bundle again")
    return _numbered(pieces)


def _numbered(pieces: Sequence[str]) -> Vocabulary:
    numbers = {piece: number for number, piece in enumerate(pieces)}
    first = next((n for n, piece in enumerate(pieces) if piece.lstrip().startswith("{")), len(pieces))
    return Vocabulary(tuple(pieces), numbers, first)
