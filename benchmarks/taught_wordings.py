"""Which held-out wordings the grammar happens to make word for word: they are taught, so they measure nothing."""

from __future__ import annotations

import re

import numpy as np

from compress.questions.grammar import drawn
from compress.questions.train import seen_by_reader
from edge.questions.mentions import Finder, Language

_DRAWS = 30
_BETWEEN = re.compile(r"[^\w\ue000-\uf8ff]+")


class Taught:
    """What the grammar makes, with what is named put out of the way: some 90,000 questions drawn from it."""

    def __init__(self, seed: int = 7) -> None:
        questions = (one for one in drawn(np.random.default_rng(seed), _DRAWS, 1))
        self._finder = Finder(())
        self._frames = {(one.asked.language, _plain(one.frame)) for one in seen_by_reader(questions, ())}

    def is_made(self, wording: str, language: Language) -> bool:
        """Whether a wording is made, filled with a class by its name and a place."""
        name, place = ("scratch", "left") if language == "en" else ("刮痕", "左邊")
        frame = self._finder.find(wording.format(C=name, M=name, P=place), language).frame
        return (language, _plain(frame)) in self._frames


def _plain(frame: str) -> str:
    return _BETWEEN.sub(" ", frame).strip()
