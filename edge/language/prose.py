"""Prose beside the facts: what a model says of a part by looking at it. What contradicts the verdict is dropped.

The check is strict, because what it lets through is shown to people under a verdict: free prose may describe (texture,
surroundings, how something looks), and it may name the verdict's own class. It may not name another class, a place
where the verdict marked nothing, a number, a severity, or anything that sounds like a verdict or an instruction.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from edge.facts import PLACES, Facts, Titles
from edge.language.grammar.language import Language
from edge.language.grammar.languages import LANGUAGES, language_of

_LONGEST = 200  # characters of one sentence
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s*")


def split_sentences(text: str) -> list[str]:
    """Sentences with their marks."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def contradicts(sentence: str, facts: Facts, language: str, titles: Titles) -> bool:
    """Whether a sentence says, or may say, something that the verdict does not."""
    spoken = language_of(language)
    plain = _plain(sentence)
    if len(plain) > _LONGEST or any(unicodedata.category(c)[0] == "N" for c in plain):
        return True
    plain = _without_own_class(plain, facts, titles)
    return (
        any(_claims(plain, each) for each in LANGUAGES.values())
        or any(_names_other_class(plain, each, facts, titles) for each in LANGUAGES.values())
        or _names_other_place(plain, spoken, facts)
    )


def kept(sentences: Iterable[str], facts: Facts, language: str, titles: Titles) -> tuple[list[str], int]:
    """Those that do not contradict, each once, and how many were dropped."""
    sentences = [each for each in sentences if any(letter.isalpha() for letter in each)]
    fit = [each for each in sentences if not contradicts(each, facts, language, titles)]
    return list(dict.fromkeys(fit)), len(sentences) - len(fit)


def _plain(text: str) -> str:
    """Full-width letters as plain ones, small letters, `-` and `_` as spaces."""
    return unicodedata.normalize("NFKC", text).casefold().replace("-", " ").replace("_", " ")


def _without_own_class(plain: str, facts: Facts, titles: Titles) -> str:
    """The part's own class may be named; its title may hold words that are claims otherwise, such as "missing"."""
    if facts.class_name is None or facts.status == "OK":
        return plain  # that a part is good is the verdict's to say
    for language in LANGUAGES.values():
        title = _plain(titles.title(facts.class_name, language.code))
        plain = re.sub(_word(title, title.isascii()), " ", plain)
    return plain


def _claims(plain: str, language: Language) -> bool:
    return any(_has(plain, word, language.is_spaced) for word in language.claims | language.numerals)


def _names_other_class(plain: str, language: Language, facts: Facts, titles: Titles) -> bool:
    others = (title for name, title in titles.all(language.code).items() if name != facts.class_name)
    return any(_has(plain, title, title.isascii()) for title in others)


def _names_other_place(plain: str, language: Language, facts: Facts) -> bool:
    marked = {finding.place for finding in facts.findings}
    marked |= set(PLACES) if "most" in marked else set()
    return any(
        _has(plain, word, language.is_spaced) and not places & marked for word, places in language.places_named.items()
    )


def _has(plain: str, word: str, is_spaced: bool) -> bool:
    return re.search(_word(_plain(word), is_spaced), plain) is not None


def _word(word: str, is_spaced: bool) -> str:
    """The word by itself where words stand apart; a plural counts too."""
    return rf"(?<![a-z]){re.escape(word)}(?:e?s)?(?![a-z])" if is_spaced else re.escape(word)
