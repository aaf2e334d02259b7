"""The wordings that questions are drawn from: for each language and kind two files, in `wordings/`.

`LANGUAGE/KIND.toml` holds `grammar` (templates, see `compress.questions.grammar`), `LANGUAGE/asked/KIND.toml` what no
template thought of: `whole` questions as people put them, and `hasty` ones as people type them beside a running line.
`around.toml` holds what may stand in a template and before and after a question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec

from compress.questions.kinds import TAUGHT, Taught
from edge.questions.mentions import WORDS, Language
from edge.toml import convert, read_tables

_T = TypeVar("_T", bound=msgspec.Struct)
_FOLDER = Path(__file__).with_name("wordings")


class Wordings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one asks a question of one kind."""

    grammar: tuple[str, ...]
    whole: tuple[str, ...]
    hasty: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.grammar, *self.whole, *self.hasty)


class _Grammar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    grammar: tuple[str, ...]


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    whole: tuple[str, ...]
    hasty: tuple[str, ...]


class Around(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """it: the part; at: somewhere on it; openings, endings: around a question. Twice where it is met more often.

    stories, reasons: why one asks, said before the question or after it.
    """

    it: tuple[str, ...]
    at: tuple[str, ...]
    openings: tuple[str, ...]
    endings: tuple[str, ...]
    stories: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tongue:
    """All that is written of one language."""

    kinds: Mapping[Taught, Wordings]
    around: Around


@lru_cache(maxsize=1)
def tongues() -> Mapping[Language, Tongue]:
    """Every language's. Raises ConfigError where a file is damaged."""
    return {language: _tongue(_FOLDER / language) for language in WORDS}


def _tongue(folder: Path) -> Tongue:
    return Tongue({kind: _of_kind(folder, kind) for kind in TAUGHT}, _read(folder / "around.toml", Around))


def _of_kind(folder: Path, kind: Taught) -> Wordings:
    asked = _read(folder / "asked" / f"{kind}.toml", _Asked)
    return Wordings(_read(folder / f"{kind}.toml", _Grammar).grammar, asked.whole, asked.hasty)


def _read(file: Path, kind: type[_T]) -> _T:
    return convert(file, read_tables(file, kind), kind)
