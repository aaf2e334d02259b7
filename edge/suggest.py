"""The nearest known word to a mistyped one, for error sentences."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like `word`, or None where none is close enough to be what was meant."""
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean `trigger`?`, or the known words where none is close."""
    words = list(known)
    best = nearest(word, words)
    if best is not None:
        return f"did you mean `{best}`?"
    return f"known: {', '.join(words)}"
