"""Where on the picture to look for what a piece of a report says.

A fact is about the places that the verdict marked, or about all that was inspected. The model's own words are about
where it looked while it wrote them: the decoder's attention, phrase by phrase, on a coarse grid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.facts import Facts, Titles
from edge.geometry import Region
from edge.language.decoder import Draft
from edge.language.grammar.language import Language
from edge.language.grammar.sentences import parsed
from edge.language.grammar.slots import Slot, placed
from edge.messages import Attention, Phrase, Verdict
from edge.verdict import Reason

_NOT_OF_THE_PICTURE: frozenset[Reason] = frozenset({"engine_failed", "bad_output", "camera_down", "deadline"})
_PAUSE = r"[,;:，；：]\s*"
_SIGNS = " ,;:.!?，；：。！？"
_MOST_CELLS = 8  # a side: attention is no finer than that, and every report is stored


class _Span(NamedTuple):
    start: int
    end: int
    regions: tuple[Region, ...]


def fact_phrases(text: str, facts: Facts, language: Language, titles: Titles, verdict: Verdict) -> tuple[Phrase, ...]:
    """Of a text that says the facts: neighbours within a sentence that are about the same places are one phrase."""
    about = _about(facts, verdict)
    found: list[Phrase] = []
    for sentence in parsed(text, facts, language.code, titles) or ():
        spans = [*_spans(sentence, about), *_others(sentence, facts, language, verdict)]
        for regions, same in groupby(sorted(spans, key=itemgetter(0)), key=itemgetter(2)):
            phrase = list(same)
            if regions:
                found.append(Phrase("text", phrase[0].start, phrase[-1].end, regions))
    return tuple(found)


def own_phrases(
    sentences: Sequence[str], draft: Draft, language: Language, grid: tuple[int, int] | None, region: Region
) -> tuple[Phrase, ...]:
    """Of those sentences of a draft that are shown, joined by the language's gap.

    grid: rows and columns of the visual tokens, over `region`; None where they have no places, and so no phrases.
    """
    if grid is None:
        return ()
    found: list[Phrase] = []
    at = 0
    for sentence in sentences:
        before = draft.words.index(sentence)
        for start, end in _parts(sentence, language):
            looked_T = _looked(draft, before + start, before + end)
            if looked_T is not None:
                attention = Attention(region, _levels(looked_T.reshape(grid)))
                found.append(Phrase("words", at + start, at + end, attention=attention))
        at += len(sentence) + len(language.gap)
    return tuple(found)


def _about(facts: Facts, verdict: Verdict) -> dict[Slot, tuple[Region, ...]]:
    """The places that each slot is about; what to do is about none."""
    whole = (verdict.region,)
    marked = tuple(_place(verdict, finding.box) for finding in facts.findings)
    return {
        "status": whole,
        "reason": () if facts.reason in _NOT_OF_THE_PICTURE else whole,
        **dict.fromkeys(("class", "count", "severity", "confidence"), marked or whole),
        **dict.fromkeys(("place", "size", "percent", "orientation"), marked[:1]),
        "action": (),
    }


def _spans(sentence: re.Match[str], about: dict[Slot, tuple[Region, ...]]) -> Iterator[_Span]:
    for slot, regions in about.items():
        if slot in sentence.re.groupindex and sentence[slot] is not None:
            yield _Span(*sentence.span(slot), regions)


def _others(sentence: re.Match[str], facts: Facts, language: Language, verdict: Verdict) -> Iterator[_Span]:
    """Each of the other places by itself: two findings that are called the same are said once."""
    if "others" not in sentence.re.groupindex:
        return
    at = sentence.start("others")
    for said in sentence["others"].split(language.list_gap):
        called = (finding for finding in facts.findings[1:] if placed(finding, language) == said)
        yield _Span(at, at + len(said), tuple(_place(verdict, finding.box) for finding in called))
        at += len(said) + len(language.list_gap)


def _place(verdict: Verdict, number: int) -> Region:
    box = verdict.boxes[number]
    return Region(box.x, box.y, box.w, box.h)


def _parts(sentence: str, language: Language) -> Iterator[tuple[int, int]]:
    """Where the phrases of a sentence begin and end: at pauses, and before words that begin another one."""
    word = rf"(?:{'|'.join(map(re.escape, sorted(language.joints, key=len, reverse=True)))})"
    joint = rf"\b(?:{word}\b\s*)+" if language.is_spaced else f"(?:{word})+"
    cuts = {0, len(sentence), *(m.end() for m in re.finditer(_PAUSE, sentence))}
    cuts |= {m.start() for m in re.finditer(joint, sentence, re.IGNORECASE)}
    ordered = sorted(cuts)
    for start, end in pairwise(ordered):
        said = sentence[start:end].rstrip(_SIGNS)
        if any(letter.isalpha() for letter in said):
            yield start, start + len(said)


def _looked(draft: Draft, start: int, end: int) -> NDArray[np.float32] | None:
    """Where the decoder looked, on average, for the words from `start` to `end`; None where there is no word."""
    words = [
        number
        for number, (first, last) in enumerate(pairwise((0, *draft.ends)))
        if max(first, start) < min(last, end) and any(letter.isalpha() for letter in draft.words[first:last])
    ]
    return draft.looked_PT[words].mean(0) if words else None


def _levels(looked_HW: NDArray[np.float32]) -> tuple[tuple[int, ...], ...]:
    """In percent of the highest, on a grid of at most 8 x 8."""
    height, width = (min(_MOST_CELLS, side) for side in looked_HW.shape)
    coarse_HW = cv2.resize(looked_HW, (width, height), interpolation=cv2.INTER_AREA)
    levels_HW = np.rint(100 * coarse_HW / max(float(coarse_HW.max()), 1e-9)).astype(int)
    return tuple(tuple(row) for row in levels_HW.tolist())
