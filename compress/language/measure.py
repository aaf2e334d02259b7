"""Hold reports against verdicts, verdicts against labels, and free prose against sentences nobody trained on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from compress.language.look import Look, Seen
from compress.language.overlap import bleu4, cider, rouge_l
from compress.language.told import TellingResult, joined
from edge.facts import Facts, Titles
from edge.language.decoder import Decoder, Draft
from edge.language.grammar.languages import LANGUAGES, language_of
from edge.language.grammar.sentences import read_back, says
from edge.language.grammar.slots import fill
from edge.language.prose import contradicts, kept, split_sentences
from edge.language.vocabulary import CLASS_SLOT, split

SLOTS = ("class", "place", "size", "count", "severity")
_SIZE_WITHIN = 0.25  # of the longer side: a map's cells are coarse


class Overlap(msgspec.Struct, frozen=True):
    """Against held-out sentences. sentences: how many pictures had any."""

    bleu4: float
    rouge_l: float
    cider: float
    sentences: int


class LanguageFigures(msgspec.Struct, frozen=True):
    """Of the reports in one language, on test pictures.

    said: per slot, the share of reports with a right verdict whose text reads back as the verdict's fact.
    contradictions: reports that do not say their verdict's facts, or keep prose that may contradict them; of all.
    own_sentences, dropped: of the model's own prose. overlap: of that prose, None where nothing was held out.
    """

    reports: int
    said: dict[str, float]
    contradictions: int
    own_sentences: int
    dropped: int
    overlap: Overlap | None
    cpu_ms: float


class Figures(msgspec.Struct, frozen=True):
    """languages: code -> figures. right: test pictures whose verdict has the right class, of `pictures`.

    against_labels: per slot, the share of those whose verdict agrees with the labels, over those with known places.
    """

    languages: dict[str, LanguageFigures]
    pictures: int
    right: int
    against_labels: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Report:
    """What ships for one picture, and the model's own sentences before and after the check."""

    seen: Seen
    text: str
    own: list[str]
    fit: list[str]


def measure(decoder: Decoder, look: Look, held_out: TellingResult, titles: Titles) -> Figures:
    """Write about every picture of `look`, in every language."""
    told = held_out.of("caption") or held_out.of("teacher")
    right = [each for each in look.seen if _is_right(each)]
    return Figures(
        languages={code: _in_language(decoder, look, told, titles, code) for code in LANGUAGES},
        pictures=len(look.seen),
        right=len(right),
        against_labels=_against_labels([each for each in right if each.truth is not None]),
    )


def overlap(said: Sequence[str], known: Sequence[Sequence[str]]) -> Overlap | None:
    """Of texts with the sentences they are held against; None without any."""
    if not said:
        return None
    candidates = [split(text) for text in said]
    references = [[split(text) for text in texts] for texts in known]
    bleu, rouge, consensus = (round(f(candidates, references), 4) for f in (bleu4, rouge_l, cider))
    return Overlap(bleu, rouge, consensus, len(said))


def _in_language(
    decoder: Decoder,
    look: Look,
    told: Mapping[tuple[str, str], list[tuple[str, ...]]],
    titles: Titles,
    code: str,
) -> LanguageFigures:
    begun = time.process_time()
    drafts = [
        decoder.write(tokens_TC, seen.verdict, language_of(code), titles)
        for seen, tokens_TC in zip(look.seen, look.tokens_NTC, strict=True)
    ]
    spent_ms = 1e3 * (time.process_time() - begun) / max(1, len(drafts))
    reports = [_checked(seen, draft, titles, code) for seen, draft in zip(look.seen, drafts, strict=True)]
    held = [r for r in reports if (r.seen.name, code) in told]
    known = [[joined(each, code) for each in told[r.seen.name, code]] for r in held]
    return LanguageFigures(
        reports=len(reports),
        said=_said([r for r in reports if _is_right(r.seen)], titles, code),
        contradictions=sum(_contradicts(r, titles, code) for r in reports),
        own_sentences=sum(len(r.own) for r in reports),
        dropped=sum(len(r.own) - len(r.fit) for r in reports),
        overlap=overlap([_open(joined(r.own, code), r.seen.verdict, titles, code) for r in held], known),
        cpu_ms=round(spent_ms, 2),
    )


def _checked(seen: Seen, draft: Draft, titles: Titles, code: str) -> _Report:
    own = split_sentences(draft.words)
    fit, _ = kept(own, seen.verdict, code, titles)
    return _Report(seen, draft.text, own, fit)


def _open(text: str, facts: Facts, titles: Titles, code: str) -> str:
    """With the class as a slot again, as in the sentences it is held against."""
    if facts.class_name is None:
        return text
    title = titles.title(facts.class_name, code)
    return text.replace(title.lower() if language_of(code).is_spaced else title, CLASS_SLOT)


def _contradicts(report: _Report, titles: Titles, code: str) -> bool:
    facts = report.seen.verdict
    return not says(report.text, facts, code, titles) or any(contradicts(s, facts, code, titles) for s in report.fit)


def _said(reports: Sequence[_Report], titles: Titles, code: str) -> dict[str, float]:
    """Per slot, the share of reports in which it reads back as the verdict's own."""
    right = dict.fromkeys(SLOTS, 0)
    for report in reports:
        wanted = fill(report.seen.verdict, language_of(code), titles)
        reading = read_back(report.text, code, titles) or ()
        found = {slot: text for _, slots in reading for slot, text in slots.items()}
        for slot in SLOTS:
            right[slot] += bool(reading) and found.get(slot) == wanted.get(slot)
    return {slot: round(count / max(1, len(reports)), 4) for slot, count in right.items()}


def _is_right(seen: Seen) -> bool:
    """Whether the verdict has the class of the label."""
    return seen.verdict.class_name == seen.class_name and seen.verdict.status != "UNDECIDED"


def _against_labels(seen: Sequence[Seen]) -> dict[str, float]:
    agree = dict.fromkeys(SLOTS, 0)
    for each in seen:
        assert each.truth is not None
        for slot, same in _agreement(each.verdict, each.truth).items():
            agree[slot] += same
    return {slot: round(count / max(1, len(seen)), 4) for slot, count in agree.items()}


def _agreement(verdict: Facts, truth: Facts) -> dict[str, bool]:
    """Of the largest finding its place and size; a part without findings agrees with one without."""
    same = {"class": verdict.class_name == truth.class_name, "count": verdict.count == truth.count}
    same["severity"] = verdict.severity == truth.severity
    if not verdict.findings or not truth.findings:
        both = not verdict.findings and not truth.findings
        return same | {"place": both, "size": both}
    one, other = verdict.findings[0], truth.findings[0]
    limit = _SIZE_WITHIN * max(other.width, other.height)
    near = max(abs(one.width - other.width), abs(one.height - other.height)) <= limit
    return same | {"place": one.place == other.place, "size": near}
