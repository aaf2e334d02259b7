"""Slips: a word with a letter wrong is taken for the word it is nearest to, a character for one that sounds alike.

English slips are of the fingers: a letter too many, one missing, one wrong, or two that changed places. Chinese is
typed by sound, so what slips is which character of that sound is chosen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

# Shorter words are one letter from too many others; of these only two letters that changed places are seen.
_LEAST = 4
_WORD = re.compile(r"[a-z]+")
_SOUNDS = Path(__file__).with_name("sounds.json")


class Speller:
    """Knows words, the commonest first; puts one slip in a word right."""

    def __init__(self, words: Iterable[str]) -> None:
        self._rank = {word: rank for rank, word in enumerate(dict.fromkeys(words))}
        self._near: dict[str, list[str]] = {}
        for word in self._rank:
            for lesser in {word, *_lesser(word)}:
                self._near.setdefault(lesser, []).append(word)

    def corrected(self, text: str) -> str:
        """Every word that is not known and is one slip from a known one, as that one."""
        return _WORD.sub(lambda match: self._word(match[0]), text) if self._rank else text

    def _word(self, word: str) -> str:
        if word in self._rank or len(word) < _LEAST - 1:
            return word
        near = {other for lesser in (word, *_lesser(word)) for other in self._near.get(lesser, ())}
        slips = [(_slip(word, other), other) for other in near]
        possible = [(cost, self._rank[other], other) for cost, other in slips if cost is not None]
        return min(possible)[-1] if possible else word


def _lesser(word: str) -> Iterator[str]:
    """With one letter left out."""
    return (word[:n] + word[n + 1 :] for n in range(len(word)))


def _slip(word: str, meant: str) -> tuple[bool, bool] | None:
    """None for more than one slip; else what makes it unlikely: another first letter, other letters than meant."""
    changed_places = sorted(word) == sorted(meant)
    if min(len(word), len(meant)) < _LEAST and not changed_places:
        return None
    start = next((n for n, (one, other) in enumerate(zip(word, meant, strict=False)) if one != other), None)
    if start is None:
        is_one = abs(len(word) - len(meant)) == 1
    elif changed_places:
        swapped = word[:start] + word[start + 1 : start + 2] + word[start] + word[start + 2 :]
        is_one = swapped == meant
    else:
        after_word = start + (len(word) >= len(meant))
        is_one = word[after_word:] == meant[start + (len(meant) >= len(word)) :]
    return (word[0] != meant[0], not changed_places) if is_one else None


@lru_cache(maxsize=1)
def sounds() -> Mapping[str, str]:
    """Of each common Chinese character its syllable, without the tone."""
    return {character: syllable for syllable, characters in _syllables().items() for character in characters}


@lru_cache(maxsize=1)
def _alike() -> Mapping[str, str]:
    return {character: characters for characters in _syllables().values() for character in characters}


@lru_cache(maxsize=1)
def _syllables() -> Mapping[str, str]:
    """Of each syllable, without the tone, the common characters that sound so."""
    syllables: dict[str, str] = json.loads(_SOUNDS.read_text(encoding="utf-8"))
    return syllables


def of_one_sound(character: str) -> str:
    """All common characters that sound like this one, itself among them."""
    return _alike().get(character, character)


def heard_alike(names: Iterable[str]) -> dict[str, str]:
    """Names of two characters and more, with one of them another of the same sound -> the name."""
    right = set(names)
    found: dict[str, str] = {}
    for name in sorted(right):
        if len(name) < 2 or name.isascii():
            continue
        for n, character in enumerate(name):
            for other in of_one_sound(character):
                found.setdefault(name[:n] + other + name[n + 1 :], name)
    return {wrong: name for wrong, name in found.items() if wrong not in right}
