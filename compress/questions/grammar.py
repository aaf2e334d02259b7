"""Questions drawn from a grammar, in both languages: how one asks, and what one asks about, mixed at random.

`[a|b|]` is a choice. `{X}` is a defect by name or of any kind, `{C}` by name, `{D}` of any kind, `{P}` a place, `{V}`
the previous part, `{N}` nearness, `{IT}` the part, `{AT}` somewhere on it.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from compress.questions import haste
from compress.questions.haste import in_haste
from compress.questions.kinds import TAUGHT, Taught
from compress.questions.wordings import tongues
from edge.defect_names import DEFECT_GROUPS, DEFECT_NAMES
from edge.questions import clauses, features, synonyms
from edge.questions import haste as written_short
from edge.questions.haste import written_out
from edge.questions.mentions import WORDS, Language, normal

# Names that a bundle may give its classes, and that no group of words knows.
_OWN_NAMES: Mapping[Language, tuple[str, ...]] = {
    "en": ("lint", "cold shut", "orange peel", "weld spatter", "type b", "bridging", "fold", "ghosting"),
    "zh-TW": ("冷隔", "橘皮", "焊渣", "皺褶", "短射", "流痕", "偏移"),
}
# Of what is named in Chinese, the share that is named in English.
_MIXED = 0.1
# Of questions, the shares that come with a reason, before and after.
_STORIES, _REASONS = 0.15, 0.08
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
# Modules that decide what is taught, and as what the reader sees it.
_MADE_BY = (haste, written_short, features, synonyms, clauses)
_STOPS = "?？!！.。"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and which kind it is of. wording: the same for questions that are put alike."""

    text: str
    language: Language
    kind: Taught
    wording: str = ""

    @property
    def as_put(self) -> bool:
        """Whether a person put it so, letter by letter, rather than the grammar."""
        return self.text == self.wording


@dataclass(frozen=True, slots=True)
class _Filled:
    """What a language's templates are filled with. mixed: the same in English, which Chinese may be mixed with."""

    slots: Mapping[str, tuple[str, ...]]
    mixed: Mapping[str, tuple[str, ...]]
    openings: tuple[str, ...]
    endings: tuple[str, ...]
    stories: tuple[str, ...]
    reasons: tuple[str, ...]


def fingerprint() -> str:
    """Of all that questions are made of: the reader was taught with the present grammar where this is the same."""
    words = [
        (w.any_defect, w.previous, w.previous_told, w.part, w.near, w.fillers, list(w.places)) for w in WORDS.values()
    ]
    made_by = "".join(Path(module.__file__ or "").read_text(encoding="utf-8") for module in _MADE_BY)
    return hashlib.sha256(f"{tongues()}{words}{DEFECT_NAMES}{made_by}".encode()).hexdigest()


def own_names(language: Language) -> tuple[str, ...]:
    """Names of classes that are in no group of words; the reader is taught with some of them."""
    return _OWN_NAMES[language]


def drawn(rng: np.random.Generator, each: int, put_each: int | None = None) -> Iterator[Asked]:
    """Questions of every wording of both languages: `put_each` (or `each`) of what people put, more of a template.

    What people put comes as it is, once; of the others every other one is typed in haste.
    """
    for language, tongue in tongues().items():
        for kind in TAUGHT:
            wordings = tongue.kinds[kind]
            for template in wordings.grammar:
                for number in range(each * (3 if "[" in template else 2)):
                    text = _question(template, _filled(language), rng)
                    yield Asked(in_haste(text, language, rng) if number % 2 else text, language, kind, template)
            for put in (*wordings.whole, *wordings.hasty):
                yield Asked(put, language, kind, put)
                for number in range((put_each or each) - 1):
                    text = _question(put.rstrip(_STOPS), _filled(language), rng) if number % 2 else put
                    yield Asked(in_haste(text, language, rng), language, kind, put)


def vocabulary(wordings: Iterable[str]) -> tuple[str, ...]:
    """English words of which wordings, and all that is named in them, are made; the commonest first.

    What was typed in haste has no part in it: a word of it may be a slip.
    """
    hasty = {one for kind in tongues()["en"].kinds.values() for one in kind.hasty}
    named = (*WORDS["en"].any_defect, *WORDS["en"].previous, *WORDS["en"].part, *WORDS["en"].near, *WORDS["en"].fillers)
    around = tongues()["en"].around
    careful = (one for one in wordings if one not in hasty)
    texts = (*careful, *named, *WORDS["en"].places, *around.it, *around.openings, *around.endings)
    met = Counter(word for text in texts for word in re.findall(r"[a-z]+", written_out(normal(_SLOT.sub(" ", text)))))
    met.update(word for group in DEFECT_GROUPS for name in group for word in re.findall("[a-z]+", name))
    met.update(word for word in synonyms.english_words() if word.isalpha())
    return tuple(sorted((word for word in met if len(word) > 1), key=lambda word: (-met[word], word)))


def _question(template: str, filled: _Filled, rng: np.random.Generator) -> str:
    body = _written(template, filled, rng)
    opening, ending = _one(filled.openings, rng), _one(filled.endings, rng)
    spaced = " " if opening and opening.isascii() else ""
    text = re.sub(" +", " ", f"{opening}{spaced}{body}").strip()
    text = _reasoned(text, filled, rng) + ending
    return text.capitalize() if rng.random() < 0.5 else text


def _reasoned(text: str, filled: _Filled, rng: np.random.Generator) -> str:
    """Sometimes with the reason why one asks."""
    drawn = rng.random()
    if drawn < _STORIES:
        story = _one(filled.stories, rng)
        return f"{story} {text}" if story.isascii() else story + text
    return text + _one(filled.reasons, rng) if drawn < _STORIES + _REASONS else text


def _written(template: str, filled: _Filled, rng: np.random.Generator) -> str:
    """Choose, and fill in, until nothing is left to choose."""
    text = template
    while (match := _CHOICE.search(text)) is not None:
        text = text[: match.start()] + _one(match[1].split("|"), rng) + text[match.end() :]
    while (slot := _SLOT.search(text)) is not None:
        named = filled.mixed if slot[1] in filled.mixed and rng.random() < _MIXED else filled.slots
        text = text[: slot.start()] + _one(named[slot[1]], rng) + text[slot.end() :]
    return text if "[" not in text else _written(text, filled, rng)


def _one(choices: tuple[str, ...] | list[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]


@lru_cache(maxsize=2)
def _filled(language: Language) -> _Filled:
    around = tongues()[language].around
    named = _named(language)
    slots = {**named, "V": WORDS[language].previous, "N": WORDS[language].near, "IT": around.it, "AT": around.at}
    return _Filled(
        slots,
        _named("en") if language == "zh-TW" else {},
        around.openings,
        around.endings,
        around.stories,
        around.reasons,
    )


def _named(language: Language) -> Mapping[str, tuple[str, ...]]:
    is_own = _is_own(language)
    named = tuple(sorted({word for group in DEFECT_GROUPS for word in group if is_own(word)}))
    any_defect = tuple(word for word in WORDS[language].any_defect if is_own(word))
    classes = (*named, *_OWN_NAMES[language])
    places = tuple(place for place in WORDS[language].places if is_own(place))
    return {"X": (*classes, *any_defect * 4), "C": classes, "D": any_defect, "P": places}


def _is_own(language: Language) -> Callable[[str], bool]:
    return str.isascii if language == "en" else lambda word: not word.isascii()
