# ruff: noqa: E501 - lists of words
"""The same question, typed in haste: what the device must understand without having been taught every slip.

English loses its articles and gets a letter wrong; Chinese gets a character of the same sound and a word in English,
as engineers in Taiwan mix them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from edge.questions.mentions import Language
from edge.questions.slips import of_one_sound

_ARTICLES = re.compile(r"\b(?:a|an|the|any|some|please) ")
_AUXILIARIES = re.compile(r"^(?:is|are|was|were|do|does|did|has|have|can|could) (?=\w+ \w+)")
_SWAPPED = 0.35
_SLIPPED = 0.4
_ENGLISH: Mapping[str, tuple[str, ...]] = {
    "瑕疵": ("defect",), "缺陷": ("defect",), "位置": ("location", "position"), "尺寸": ("size",), "大小": ("size",),
    "數量": ("quantity",), "數目": ("count",), "種類": ("type",), "類型": ("type",), "類別": ("class",), "面積": ("area",),
    "合格": ("ok", "pass"), "不合格": ("ng", "fail"), "良品": ("ok",), "不良品": ("ng",), "通過": ("pass",),
    "零件": ("part",), "工件": ("part",), "產品": ("part",), "結果": ("result",), "像素": ("pixel", "px"),
    "公厘": ("mm",), "毫米": ("mm",), "檢查": ("check",), "模型": ("model", "ai"), "系統": ("system", "ai"),
    "原因": ("reason",), "報廢": ("scrap",), "重工": ("rework",), "出貨": ("ship",), "嚴重": ("serious",),
    "相機": ("camera",), "客戶": ("customer",), "機台": ("machine",), "機器": ("machine",), "照片": ("photo",),
}  # fmt: skip
_WORDS = re.compile("|".join(sorted(_ENGLISH, key=len, reverse=True)))


def in_haste(text: str, language: Language, rng: np.random.Generator) -> str:
    """A question as it may be typed in haste; sometimes it stays what it was."""
    return _english(text, rng) if language == "en" else _chinese(text, rng)


def _english(text: str, rng: np.random.Generator) -> str:
    text = text.lower()
    if rng.random() < 0.6:
        text = _ARTICLES.sub("", text)
    if rng.random() < 0.25:
        text = _AUXILIARIES.sub("", text)
    words = text.split(" ")
    long = [n for n, word in enumerate(words) if len(word) >= 4 and word.isalpha()]
    if long and rng.random() < _SLIPPED:
        n = long[int(rng.integers(len(long)))]
        words[n] = _slipped(words[n], rng)
    return " ".join(words)


def _slipped(word: str, rng: np.random.Generator) -> str:
    """One letter twice, missing, or changed with the next."""
    n = int(rng.integers(1, len(word) - 1))
    match int(rng.integers(3)):
        case 0:
            return word[:n] + word[n] + word[n:]
        case 1:
            return word[:n] + word[n + 1 :]
        case _:
            return word[:n] + word[n + 1] + word[n] + word[n + 2 :]


def _chinese(text: str, rng: np.random.Generator) -> str:
    text = _WORDS.sub(lambda word: _one(_ENGLISH[word[0]], rng) if rng.random() < _SWAPPED else word[0], text)
    if text and rng.random() < _SLIPPED:
        n = int(rng.integers(len(text)))
        text = text[:n] + _one(of_one_sound(text[n]), rng) + text[n + 1 :]
    return text


def _one(choices: tuple[str, ...] | str, rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]
