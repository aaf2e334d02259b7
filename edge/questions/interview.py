"""Questions about a part, as a person types them, and their answers; follow-up questions keep what they follow.

A text may hold several questions, in both languages. Whatever it says, nothing of it reaches a verdict or a fact: the
answers are made from the verdict alone (`edge.questions.answer`).
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from edge.bundle.manifest import ClassSpec
from edge.messages import Verdict
from edge.questions.answer import Answerer, Told, Wish
from edge.questions.answered import Answered
from edge.questions.clauses import shortened
from edge.questions.mentions import Finder, Language, Mentions, normal
from edge.questions.part import part_of
from edge.questions.reader import QuestionModel, load_model, read
from edge.questions.sentences import SENTENCES, UNSUPPORTED
from edge.questions.words import Place

MODEL = Path(__file__).with_name("reader.npz")
MOST_CHARACTERS = 1_000
MOST_QUESTIONS = 10
# Conversations that are remembered; the one that was silent longest is forgotten first.
_MOST_SESSIONS = 200
_ENDS = re.compile(r"(?<=[?？!！。;；\n])|(?<=\.)(?=\s)")
_ENGLISH_NOT = re.compile(r"\b(?:free|no|not|none|without)\b")
_CHINESE_NOT = re.compile(r"(?<!有)沒有(?!$)|(?<!有)沒(?!有)")
_OPPOSITE: tuple[frozenset[Place], ...] = (frozenset({"left", "right"}), frozenset({"upper", "lower"}))
_FOREIGN = ("HIRAGANA", "KATAKANA", "HANGUL", "CYRILLIC", "ARABIC", "THAI", "HEBREW", "DEVANAGARI", "GREEK")


class Interview:
    """Answers questions about the parts of one bundle. One thread."""

    def __init__(self, classes: Iterable[ClassSpec], model: QuestionModel | None = None) -> None:
        """classes: those that a verdict may name. Raises BundleError where the model is damaged."""
        specs = tuple(classes)
        self._model = model or load_model(MODEL)
        self._finder = Finder(specs, self._model.words)
        self._titles: Mapping[Language, Mapping[str, str]] = {
            language: {c.name: c.titles.get(language, c.name.replace("_", " ")) for c in specs if c.kind == "defect"}
            for language in SENTENCES
        }
        self._sessions: OrderedDict[str, Wish] = OrderedDict()

    def ask(self, text: str, verdict: Verdict, previous: Verdict | None, session: str) -> tuple[str, list[Answered]]:
        """Answer all questions in `text`; the session to name with the next ones, new where it was empty."""
        session = session or secrets.token_hex(8)
        questions = list(_questions(text))
        if len(text) > MOST_CHARACTERS or not questions:
            return session, [_not_asked(text)]
        answered = [self._answer(question, verdict, previous, session) for question in questions[:MOST_QUESTIONS]]
        if len(questions) > MOST_QUESTIONS:
            language = answered[-1].language
            say = SENTENCES["zh-TW" if language == "zh-TW" else "en"]
            answered.append(Answered("", say.too_many.format(most=MOST_QUESTIONS), told=False, language=language))
        return session, answered

    def _answer(self, question: str, verdict: Verdict, previous: Verdict | None, session: str) -> Answered:
        language = language_of(question)
        if language is None:
            return Answered(question, UNSUPPORTED, told=False)
        before = None if previous is None else part_of(previous)
        answerer = Answerer(part_of(verdict), before, self._titles[language], language)
        mentions = self._finder.find(question, language)
        kind = read(mentions.frame, language, self._model).kind
        if kind is None:
            if language == "en" and _has_accents(question):
                return Answered(question, UNSUPPORTED, told=False)
            return _answered(question, answerer.refuse(), None, language)
        wish = self._whole(_wish(kind, mentions, language), session)
        if wish is None:
            say = SENTENCES[language]
            return _answered(question, Told(say.cannot_tell + say.follow_what, told=False), kind, language)
        self._remember(session, wish)
        return _answered(question, answerer.answer(wish), wish.kind, language)

    def _whole(self, wish: Wish, session: str) -> Wish | None:
        """A question with what it takes from the one before it; None where it follows nothing."""
        before = self._sessions.get(session)
        names_nothing = not (wish.classes or wish.strange or wish.any_defect)
        if wish.kind == "follow":
            if before is None:  # "any dents on the left?" stands by itself
                return None if names_nothing else replace(wish, kind="exists")
            kind = "exists" if before.kind in ("status", "action", "compare") else before.kind
            kept = replace(before, kind=kind, place=wish.place or before.place, negated=False, near=wish.near)
            return kept if names_nothing else replace(kept, classes=wish.classes, strange=wish.strange)
        if before is not None and names_nothing and wish.kind in ("count", "where", "size"):
            return replace(wish, classes=before.classes, strange=before.strange, place=wish.place or before.place)
        return wish

    def _remember(self, session: str, wish: Wish) -> None:
        self._sessions[session] = wish
        self._sessions.move_to_end(session)
        while len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)


def language_of(question: str) -> Language | None:
    """By its letters; None for one that is not spoken here."""
    letters = [unicodedata.name(c, "") for c in question if c.isalpha()]
    if any(name.startswith(_FOREIGN) for name in letters):
        return None
    if any(name.startswith("CJK") for name in letters):
        return "zh-TW"
    return "en" if any(name.startswith(("LATIN", "FULLWIDTH LATIN")) for name in letters) else None


def _has_accents(question: str) -> bool:
    """As most languages in Latin letters have that are not English; so may a class's name, in a question that is."""
    return any(
        unicodedata.name(c, "").startswith("LATIN") and unicodedata.decomposition(c)[:1].isalnum() for c in question
    )


def _questions(text: str) -> Iterator[str]:
    """The sentences of a text that say anything."""
    for piece in _ENDS.split(text):
        if any(c.isalnum() for c in piece):
            yield piece.strip()


def _not_asked(text: str) -> Answered:
    language = language_of(text[:MOST_CHARACTERS]) or "en"
    say = SENTENCES[language]
    if len(text) > MOST_CHARACTERS:
        sentence = say.too_long.format(most=MOST_CHARACTERS, length=len(text))
        return Answered("", sentence, told=False, language=language)
    return Answered("", f"{SENTENCES['en'].empty} {SENTENCES['zh-TW'].empty}", told=False)


def _wish(kind: str, mentions: Mentions, language: Language) -> Wish:
    pattern = _ENGLISH_NOT if language == "en" else _CHINESE_NOT
    negated = pattern.search(normal(mentions.frame).rstrip("?？。.!！")) is not None
    classes, place = mentions.classes, mentions.place
    if kind == "follow" and shortened(mentions.frame):  # "nothing on the left, and on the right?"
        classes, place = classes[-1:], frozenset[Place]().union(*mentions.places[-1:])
    if kind == "where" and any(side <= place for side in _OPPOSITE):
        place = frozenset()  # "on the left or on the right?" asks which
    return Wish(
        kind,  # type: ignore[arg-type]
        classes,
        mentions.strange,
        mentions.any_defect,
        place,
        mentions.near,
        negated,
    )


def _answered(question: str, told: Told, kind: str | None, language: Language) -> Answered:
    return Answered(question, told.text, told.told, kind, language, told.value)
