"""A question as numbers: which short pieces of text it has. The workshop learns from the same function: no skew."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edge.questions.mentions import Language
from edge.questions.slips import sounds
from edge.questions.synonyms import of_chinese, of_english, outside, without_small_words

BUCKETS = 65536
_OUTSIDE_WEIGHS = 3
_TOKEN = re.compile(r"[a-z0-9]+|\S")


def buckets(frame: str, language: Language) -> NDArray[np.int64]:
    """The bucket of every piece of a frame (`Mentions.frame`), each once: int64 [n], 0..BUCKETS - 1."""
    found = {zlib.crc32(f"{language}:{piece}".encode()) % BUCKETS for piece in _pieces(frame, language)}
    return np.array(sorted(found), dtype=np.int64)


def units(frame: str, language: Language) -> list[int]:
    """Hashes of what must be known for a frame to be understood: words in English, pairs of syllables in Chinese."""
    cleaned = _cleaned(frame)
    if language == "en":
        words = [_stem(word) for word in of_english(cleaned.split())]
    else:
        heard = [sounds().get(token, token) for token in _tokens(cleaned)]
        words = [" ".join(heard[n : n + 2]) for n in range(max(1, len(heard) - 1))] if heard else []
    return [zlib.crc32(f"{language}={word}".encode()) for word in words]


def _stem(word: str) -> str:
    """A word without its commonest endings: "looks", "looked" and "looking" are one."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _pieces(frame: str, language: Language) -> Iterator[str]:
    """Words and runs of words, as they are and as what they mean; each sort of piece with a mark of its own."""
    cleaned = _cleaned(frame)
    return _english_pieces(cleaned.split()) if language == "en" else _chinese_pieces(cleaned)


def _english_pieces(words: list[str]) -> Iterator[str]:
    meant = of_english(words)
    yield from _runs(words, (1, 2, 3), "")
    yield from _outside(meant)
    yield from _runs(meant, (1, 2, 3), "m:")
    yield from _runs(without_small_words(meant), (1, 2, 3), "s:")
    for word in words:
        marked = f"<{word}>"
        yield from (f"c:{marked[n : n + 4]}" for n in range(max(1, len(marked) - 3)))


def _chinese_pieces(cleaned: str) -> Iterator[str]:
    tokens, meant = _tokens(cleaned), of_chinese(cleaned)
    yield from _runs(tokens, (1, 2, 3, 4), "")
    yield from _outside(meant)
    yield from _runs(meant, (1, 2, 3), "m:")
    yield from _runs([sounds().get(token, token) for token in tokens], (2, 3), "~:")


def _runs(tokens: list[str], sizes: tuple[int, ...], mark: str) -> Iterator[str]:
    """Every run of so many tokens, the beginning and the end among them."""
    bounded = ["^", *tokens, "$"]
    for size in sizes:
        yield from (mark + " ".join(bounded[n : n + size]) for n in range(len(bounded) - size + 1))


def _outside(meant: list[str]) -> Iterator[str]:
    """Whether a question speaks of what is no verdict's, and of what; repeated, to weigh as much as a phrase does."""
    found = set(outside(meant))
    for repeated in range(_OUTSIDE_WEIGHS):
        yield from (f"o:{repeated}{one}" for one in found)
        yield f"o:{repeated}{bool(found)}"


def _tokens(cleaned: str) -> list[str]:
    """Of Chinese: every character, and every word in Latin letters."""
    return _TOKEN.findall(cleaned)


def _cleaned(frame: str) -> str:
    """Letters, digits and marks; an apostrophe belongs to its word, everything else parts words."""
    kept = "".join(c if c.isalnum() or "\ue000" <= c <= "\uf8ff" else "" if c in "'’" else " " for c in frame)
    return " ".join(kept.split())
