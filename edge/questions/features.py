"""A question as numbers: which short pieces of text it has. The workshop learns from the same function: no skew."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edge.questions.mentions import Language
from edge.questions.slips import sounds

BUCKETS = 16384
_TOKEN = re.compile(r"[a-z0-9]+|\S")


def buckets(frame: str, language: Language) -> NDArray[np.int64]:
    """The bucket of every piece of a frame (`Mentions.frame`), each once: int64 [n], 0..BUCKETS - 1."""
    found = {zlib.crc32(f"{language}:{piece}".encode()) % BUCKETS for piece in _pieces(frame, language)}
    return np.array(sorted(found), dtype=np.int64)


def units(frame: str, language: Language) -> list[int]:
    """Hashes of what must be known for a frame to be understood: words in English, pairs of syllables in Chinese."""
    cleaned = _cleaned(frame)
    if language == "en":
        words = [_stem(word) for word in cleaned.split()]
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
    cleaned = _cleaned(frame)
    if language == "en":
        words = ["^", *cleaned.split(), "$"]
        for size in (1, 2, 3):
            yield from (" ".join(words[n : n + size]) for n in range(len(words) - size + 1))
        for word in words[1:-1]:
            marked = f"<{word}>"
            yield from (f"c{marked[n : n + 4]}" for n in range(max(1, len(marked) - 3)))
    else:
        tokens = ["^", *_tokens(cleaned), "$"]
        for size in (1, 2, 3, 4):
            yield from ("".join(tokens[n : n + size]) for n in range(len(tokens) - size + 1))
        heard = [sounds().get(token, token) for token in tokens]
        for size in (2, 3):
            yield from ("~" + " ".join(heard[n : n + size]) for n in range(len(heard) - size + 1))


def _tokens(cleaned: str) -> list[str]:
    """Of Chinese: every character, and every word in Latin letters."""
    return _TOKEN.findall(cleaned)


def _cleaned(frame: str) -> str:
    """Letters, digits and marks; an apostrophe belongs to its word, everything else parts words."""
    kept = "".join(c if c.isalnum() or "\ue000" <= c <= "\uf8ff" else "" if c in "'’" else " " for c in frame)
    return " ".join(kept.split())
