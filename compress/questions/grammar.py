"""Questions drawn from a grammar, in both languages: how one asks, and what one asks about, mixed at random.

`[a|b|]` is a choice. `{X}` is a defect by name or of any kind, `{C}` by name, `{D}` of any kind, `{P}` a place, `{V}`
the previous part, `{N}` nearness, `{IT}` the part, `{AT}` somewhere on it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from compress.questions import english, taiwan_chinese
from compress.questions.kinds import TAUGHT, Taught
from compress.questions.spoken import SPOKEN
from edge.questions.mentions import WORDS, Language
from edge.questions.words import DEFECT_GROUPS, DEFECT_NAMES

# Names that a bundle may give its classes, and that no group of words knows.
_OWN_NAMES: Mapping[Language, tuple[str, ...]] = {
    "en": ("lint", "cold shut", "orange peel", "weld spatter", "type b", "bridging", "fold", "ghosting"),
    "zh-TW": ("冷隔", "橘皮", "焊渣", "皺褶", "短射", "流痕", "偏移"),
}
_CHOICE = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and which kind it is of. wording: the same for questions that are put alike."""

    text: str
    language: Language
    kind: Taught
    wording: str = ""


@dataclass(frozen=True, slots=True)
class _Tongue:
    """All that a language's questions are made of."""

    questions: Mapping[Taught, tuple[str, ...]]
    fillers: Mapping[str, tuple[str, ...]]
    openings: tuple[str, ...]
    endings: tuple[str, ...]


def fingerprint() -> str:
    """Of all that questions are made of: the reader was taught with the present grammar where this is the same."""
    asked = [(tongue.questions, tongue.fillers, tongue.openings, tongue.endings) for tongue in _TONGUES.values()]
    words = [(w.any_defect, w.previous, w.part, w.near, w.fillers, list(w.places)) for w in WORDS.values()]
    return hashlib.sha256(f"{asked}{SPOKEN}{words}{DEFECT_NAMES}".encode()).hexdigest()


def own_names(language: Language) -> tuple[str, ...]:
    """Names of classes that are in no group of words; the reader is taught with some of them."""
    return _OWN_NAMES[language]


def drawn(rng: np.random.Generator, each: int) -> Iterator[Asked]:
    """`each` questions for every wording of both languages."""
    for language, tongue in _TONGUES.items():
        for kind in TAUGHT:
            for template in (*tongue.questions[kind], *SPOKEN[language][kind]):
                for _ in range(each):
                    yield Asked(_question(template, tongue, rng), language, kind, template)


def _question(template: str, tongue: _Tongue, rng: np.random.Generator) -> str:
    body = _filled(template, tongue.fillers, rng)
    opening, ending = _one(tongue.openings, rng), _one(tongue.endings, rng)
    spaced = " " if opening and opening.isascii() else ""
    text = re.sub(" +", " ", f"{opening}{spaced}{body}").strip() + ending
    return text.capitalize() if rng.random() < 0.5 else text


def _filled(template: str, fillers: Mapping[str, tuple[str, ...]], rng: np.random.Generator) -> str:
    """Choose, and fill in, until nothing is left to choose."""
    text = template
    while (match := _CHOICE.search(text)) is not None:
        text = text[: match.start()] + _one(match[1].split("|"), rng) + text[match.end() :]
    while (slot := re.search(r"\{(\w+)\}", text)) is not None:
        text = text[: slot.start()] + _one(fillers[slot[1]], rng) + text[slot.end() :]
    return text if "[" not in text else _filled(text, fillers, rng)


def _one(choices: tuple[str, ...] | list[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]


def _tongue(language: Language, is_own: Callable[[str], bool]) -> _Tongue:
    words, source = WORDS[language], english if language == "en" else taiwan_chinese
    named = tuple(sorted({word for group in DEFECT_GROUPS for word in group if is_own(word)}))
    classes = (*named, *_OWN_NAMES[language])
    fillers = {
        "X": (*classes, *words.any_defect * 4),
        "C": classes,
        "D": words.any_defect,
        "P": tuple(words.places),
        "V": words.previous,
        "N": words.near,
        "IT": source.IT,
        "AT": source.AT,
    }
    return _Tongue(source.QUESTIONS, fillers, source.OPENINGS, source.ENDINGS)


_TONGUES: Mapping[Language, _Tongue] = {
    "en": _tongue("en", str.isascii),
    "zh-TW": _tongue("zh-TW", lambda word: not word.isascii()),
}
