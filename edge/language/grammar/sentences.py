"""Writes facts as sentences, and reads such sentences back: what is read must be what was to be said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from edge.facts import Facts, Titles
from edge.language.grammar.language import KINDS, Kind, Language
from edge.language.grammar.languages import language_of
from edge.language.grammar.slots import fill, kinds_of

_OPTION = re.compile(r"\[([^\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_NUMBER = r"\d+(?:\.\d+)?"


def write(facts: Facts, language: str, titles: Titles, variants: Sequence[int] = ()) -> str:
    """The facts in sentences. variants: for each sentence, which way to say it; the first where none is named."""
    spoken = language_of(language)
    filled = fill(facts, spoken, titles)
    chosen = (*variants, *[0] * len(KINDS))
    sentences = (sentence(spoken, kind, chosen[i], filled) for i, kind in enumerate(kinds_of(filled)))
    return spoken.gap.join(sentences)


def sentence(language: Language, kind: Kind, variant: int, filled: Mapping[str, str]) -> str:
    """One sentence with its slots filled."""
    return _SLOT.sub(lambda m: filled[m[1]], frame(language, kind, variant, filled))


def frame(language: Language, kind: Kind, variant: int, filled: Mapping[str, str]) -> str:
    """One sentence with its slots still open, without the options that have nothing to say."""
    ways = language.sentences[kind]
    chosen = ways[variant % len(ways)]
    return _OPTION.sub(lambda m: m[1] if all(slot in filled for slot in _SLOT.findall(m[1])) else "", chosen)


def read_back(text: str, language: str, titles: Titles) -> tuple[tuple[Kind, Mapping[str, str]], ...] | None:
    """The sentences of `text` as (kind, slots); None where any of it is no sentence of this grammar."""
    spoken = language_of(language)
    names = tuple(sorted(set(titles.all(language).values()), key=len, reverse=True))
    reading = next(_readings(text, spoken, names), None)
    return None if reading is None else tuple((kind, _slots(match)) for kind, match in reading)


def says(text: str, facts: Facts, language: str, titles: Titles) -> bool:
    """Whether `text` says all of the facts, each once, and nothing else."""
    return parsed(text, facts, language, titles) is not None


def parsed(text: str, facts: Facts, language: str, titles: Titles) -> tuple[re.Match[str], ...] | None:
    """The sentences of a text that says all of the facts, each once, and nothing else; else None.

    The groups of a match are the slots of its sentence, in their places in `text`.
    """
    spoken = language_of(language)
    filled = fill(facts, spoken, titles)
    names = tuple(sorted({*titles.all(language).values(), *_own_title(filled)}, key=len, reverse=True))
    wanted = kinds_of(filled)
    for reading in _readings(text, spoken, names):
        matches = tuple(match for _, match in reading)
        said = {slot: text for match in matches for slot, text in _slots(match).items()}
        if tuple(kind for kind, _ in reading) == wanted and said == filled:
            return matches
    return None


def _own_title(filled: Mapping[str, str]) -> tuple[str, ...]:
    return (filled["class"],) if "class" in filled else ()


def _slots(match: re.Match[str]) -> dict[str, str]:
    return {slot: said for slot, said in match.groupdict().items() if said is not None}


def _readings(
    text: str, language: Language, names: tuple[str, ...], at: int = 0
) -> Iterator[tuple[tuple[Kind, re.Match[str]], ...]]:
    """Every way to read the text from `at` on; more than one only where a title reads like a sentence."""
    if at == len(text):
        yield ()
        return
    for kind, pattern in _patterns(language.code, names):
        match = pattern.match(text, at)
        if match is None:
            continue
        gap = language.gap if match.end() < len(text) else ""
        if text.startswith(gap, match.end()):
            for after in _readings(text, language, names, match.end() + len(gap)):
                yield ((kind, match), *after)


@lru_cache(maxsize=64)
def _patterns(code: str, names: tuple[str, ...]) -> tuple[tuple[Kind, re.Pattern[str]], ...]:
    language = language_of(code)
    values = _values(language, names)
    return tuple(
        (kind, re.compile(_pattern(way, values))) for kind in KINDS for way in language.sentences[kind]
    )  # fmt: skip


def _pattern(way: str, values: Mapping[str, str]) -> str:
    parts = re.split(r"(\[[^\]]*\])", way)
    return "".join(f"(?:{_plain(p[1:-1], values)})?" if p.startswith("[") else _plain(p, values) for p in parts)


def _plain(text: str, values: Mapping[str, str]) -> str:
    pieces = re.split(r"(\{\w+\})", text)
    return "".join(f"(?P<{p[1:-1]}>{values[p[1:-1]]})" if p.startswith("{") else re.escape(p) for p in pieces)


def _values(language: Language, names: tuple[str, ...]) -> dict[str, str]:
    """What may stand in each slot, as a pattern."""
    place = f"(?:{_any(language.place.values())})(?:{re.escape(language.near_edge)})?"
    size = re.escape(language.size).replace(r"\{\}", "{}").format(_NUMBER, _NUMBER, "(?:mm|px)")
    many = re.escape(language.many).replace(r"\{\}", r"\d+")
    return {
        "status": _any(language.status.values()),
        "class": _any(names),
        "reason": _any(language.reason.values()),
        "count": f"{re.escape(language.one)}|{many}",
        "place": place,
        "size": size,
        "percent": _NUMBER,
        "orientation": _any(language.orientation.values()),
        "others": f"{place}(?:{re.escape(language.list_gap)}{place})*",
        "severity": _any(language.severity.values()),
        "confidence": r"\d+",
        "action": _any(language.action.values()),
    }


def _any(texts: Iterable[str]) -> str:
    return "|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True))
