"""What a question names: classes of the bundle, defects that it does not know, places, another part.

What is named is put out of the way (`Mentions.frame`), so that the reader learns how one asks, and not about what: it
reads "is there a crack" as it reads "is there a stain", whatever a bundle calls its classes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from edge.bundle.manifest import ClassSpec
from edge.defect_names import DEFECT_GROUPS
from edge.questions.haste import written_out
from edge.questions.slips import Speller, heard_alike
from edge.questions.words import ENGLISH, TAIWAN_CHINESE, Place, Words

Language = Literal["en", "zh-TW"]
WORDS: Mapping[Language, Words] = {"en": ENGLISH, "zh-TW": TAIWAN_CHINESE}

# They stand for what was named; of the private use area, so nobody types them.
PART = "\ue005"
CLASS, DEFECT, PLACE, PREVIOUS, NEAR = MARKS = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
# "part's" becomes "part is", which a question bears; "what is" is met far more often.
_SHORT = {"can't": "can not", "n't": " not", "'s": " is", "'re": " are", "'ve": " have", "'m": " am", "'ll": " will"}
_ENGLISH_THING = re.compile(f"{NEAR} *(?:the |a |an |its |any )?([a-z][a-z ]{{0,30}}?)(?= *(?:$|[,;]| on | of | in ))")
_CHINESE_THING = re.compile(f"([一-鿿]{{1,6}})(?:的)?{NEAR}")


@dataclass(frozen=True, slots=True)
class Mentions:
    """frame: the question with what it names put out of the way.

    classes: of the bundle, by name. strange: words for defects that are no class of the bundle. any_defect: whether
    defects of any kind are meant. places: as they are named, one after the other. near: a thing that the defect should
    be close to, as it was called. previous: whether another part is meant.
    """

    frame: str
    classes: tuple[str, ...]
    strange: tuple[str, ...]
    any_defect: bool
    places: tuple[frozenset[Place], ...]
    near: str | None
    previous: bool

    @property
    def place(self) -> frozenset[Place]:
        """All places that are named, at once; none where it is empty."""
        return frozenset[Place]().union(*self.places)


def normal(text: str) -> str:
    """Full-width letters as plain ones, lower case, `_` and `-` as spaces, "what's" as "what is", single spaces."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("_", " ").replace("-", " ").replace("’", "'")
    for short, long in _SHORT.items():
        plain = plain.replace(short, long)
    return " ".join(plain.split())


class Finder:
    """Finds what is named, for the classes of one bundle."""

    def __init__(self, classes: Iterable[ClassSpec], words: Iterable[str] = ()) -> None:
        """words: of English that questions are made of, the commonest first; a slip in one of them is put right."""
        names = {word: spec.name for spec in classes if spec.kind == "defect" for word in _called(spec)}
        self._names: Mapping[Language, _Names] = {language: _Names(words, names) for language, words in WORDS.items()}
        self._speller = Speller((*words, *(word for name in names for word in name.split() if word.isascii())))

    def find(self, question: str, language: Language) -> Mentions:
        """What `question`, in one language, names."""
        text = self._speller.corrected(written_out(normal(question)))
        return self._names[language].find(text, is_spaced=language == "en")


class _Names:
    """All names that may be met in one language, and what each stands for."""

    def __init__(self, words: Words, classes: Mapping[str, str]) -> None:
        self._places = words.places
        self._classes = classes
        defects = {word for group in DEFECT_GROUPS for word in group}
        self._marks = {
            **dict.fromkeys(words.part, PART),
            **dict.fromkeys(words.near, NEAR),
            **dict.fromkeys(words.places, PLACE),
            **dict.fromkeys(words.any_defect, DEFECT),
            **dict.fromkeys(words.previous, PREVIOUS),
            **dict.fromkeys((normal(word) for word in defects), CLASS),
            **dict.fromkeys(classes, CLASS),
        }
        longest_first = sorted(self._marks, key=len, reverse=True)
        told = [words.previous_told]
        spaced = [*told, *(re.escape(word) for word in longest_first if word.isascii())]
        unspaced = [*told, *(re.escape(word) for word in longest_first if not word.isascii())]
        self._alike = heard_alike(word for word, mark in self._marks.items() if mark in (CLASS, DEFECT))
        self._fillers = _fillers(words.fillers)
        self._spaced = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(spaced)})(?![a-z0-9])") if spaced else None
        self._unspaced = re.compile("|".join(unspaced)) if unspaced else None
        self._long = re.compile("|".join(re.escape(word) for word in longest_first if len(word) > 1))

    def find(self, question: str, is_spaced: bool) -> Mentions:
        named: list[tuple[str, str]] = []

        def put_away(match: re.Match[str]) -> str:
            word = match[0]
            mark = self._marks.get(word, PREVIOUS)
            named.append((mark, word))
            return f" {mark} " if is_spaced else mark

        frame = question if is_spaced else self._as_meant(question)
        for pattern in (self._unspaced, self._spaced):
            frame = pattern.sub(put_away, frame) if pattern else frame
        frame = self._fillers.sub(" ", " ".join(frame.split())).strip()
        near = _thing(frame, is_spaced) or _neighbour(frame, named, is_spaced)
        defects = [word for mark, word in named if mark == CLASS and word != near]
        places = tuple(self._places[word] for mark, word in named if mark == PLACE)
        return Mentions(
            frame=frame,
            classes=tuple(dict.fromkeys(self._classes[word] for word in defects if word in self._classes)),
            strange=tuple(dict.fromkeys(word for word in defects if word not in self._classes)),
            any_defect=any(mark == DEFECT for mark, _ in named),
            places=places,
            near=near,
            previous=any(mark == PREVIOUS for mark, _ in named),
        )

    def _as_meant(self, text: str) -> str:
        """With the right characters in names of defects of which one was only heard alike."""
        parts, done = "", 0
        for match in self._long.finditer(text):
            parts += self._heard(text[done : match.start()]) + match[0]
            done = match.end()
        return parts + self._heard(text[done:])

    def _heard(self, text: str) -> str:
        for length in (4, 3, 2):
            for start in range(len(text) - length + 1):
                name = self._alike.get(text[start : start + length])
                if name is not None:
                    return self._heard(text[:start]) + name + self._heard(text[start + length :])
        return text


def _fillers(fillers: tuple[str, ...]) -> re.Pattern[str]:
    """Any of them, and again, at the beginning or the end; a question of nothing else stays."""
    spaced = "|".join(re.escape(normal(word)) for word in sorted(fillers, key=len, reverse=True))
    gap = r"[\s,.;:!?，。；：！？、]*"
    edge = r"\b" if all(word.isascii() for word in fillers) else ""
    run = rf"(?:{gap}{edge}(?:{spaced}){edge}{gap})+"
    return re.compile(rf"^{run}(?=\S)|(?<=\S){run}$")


def _thing(frame: str, is_spaced: bool) -> str | None:
    """What the defect should be near to, where that is neither a class nor a place."""
    found = (_ENGLISH_THING if is_spaced else _CHINESE_THING).search(frame)
    return found[1].strip() if found and found[1].strip() else None


def _neighbour(frame: str, named: list[tuple[str, str]], is_spaced: bool) -> str | None:
    """The defect that another one should be near to: after the word in English, before it in Chinese."""
    pattern = f"{NEAR} *(?:the |a |an |any )?{CLASS}" if is_spaced else f"{CLASS}(?:的)?{NEAR}"
    found = re.search(pattern, frame)
    if found is None:
        return None
    before = frame[: found.end() if is_spaced else found.start() + 1].count(CLASS)
    return [word for mark, word in named if mark == CLASS][before - 1]


def _called(spec: ClassSpec) -> Iterator[str]:
    """Every name of a class: its own, its titles, and the other names of the groups that these belong to."""
    own = {normal(name) for name in (spec.name, *spec.titles.values())}
    yield from own
    for group in _normal_groups():
        if own & group:
            yield from group


@lru_cache(maxsize=1)
def _normal_groups() -> tuple[frozenset[str], ...]:
    return tuple(frozenset(normal(word) for word in group) for group in DEFECT_GROUPS)
