"""What is told of each picture beside its facts: captions of the data, and sentences of a generative teacher.

A teacher's sentences teach the decoder as they are (sequence-level distillation, Kim & Rush 2016). Whoever told it:
what may contradict the picture's labels is left out and counted, so that it is never learnt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from compress.data.dataset import Sample
from compress.data.images import read_image
from compress.language.look import Look
from compress.progress import Reporter
from compress.teachers.describer import describe, load_describer, plain
from edge.facts import Facts, Titles
from edge.language.grammar.languages import LANGUAGES
from edge.language.prose import kept, split_sentences
from edge.language.vocabulary import CLASS_SLOT

Source = Literal["caption", "teacher"]
_CHINESE = re.compile(r"[㐀-鿿]")
PROMPTS: Mapping[str, str] = {
    "en": "Describe the surface and what is unusual about it in a short sentence.",
    "zh-TW": "請用一句簡短的繁體中文描述表面，以及有何異狀。",
}
_TOLD = "told.json"


class Told(msgspec.Struct, frozen=True):
    """Sentences about one picture in one language, whole ones; the part's class is a slot in them."""

    name: str
    language: str
    source: Source
    sentences: tuple[str, ...]


class TellingResult(msgspec.Struct, frozen=True):
    """told: of all splits. dropped: sentences left out, by source, because they may contradict the labels."""

    told: tuple[Told, ...]
    dropped: dict[str, int]

    @property
    def counts(self) -> dict[str, int]:
        """How many tellings, by source."""
        return {source: sum(each.source == source for each in self.told) for source in ("caption", "teacher")}

    @property
    def said(self) -> str:
        """One clause for the person who waits."""
        counts, lost = self.counts, sum(self.dropped.values())
        left_out = f"; {lost} sentences left out because they may contradict the labels" if lost else ""
        return f"{counts['caption']} captions, {counts['teacher']} sentences of a describer{left_out}"

    def of(self, source: Source | None = None) -> dict[tuple[str, str], list[tuple[str, ...]]]:
        """(name, language) -> what was told, each telling by itself."""
        found: dict[tuple[str, str], list[tuple[str, ...]]] = {}
        for each in self.told:
            if source in (None, each.source):
                found.setdefault((each.name, each.language), []).append(each.sentences)
        return found


def tell(
    folder: Path, samples: Sequence[Sample], look: Look, titles: Titles, describer: str | None, reporter: Reporter
) -> None:
    """Gather the captions and ask the describer (its folder or name) about every picture. Raises TeacherError."""
    raw: list[tuple[Sample, str, Source]] = [(s, c, "caption") for s in samples for c in s.captions]
    if describer is not None:
        raw += _described(samples, describer, reporter)
    truth = {each.name: each.truth or each.verdict for each in look.seen}
    told: list[Told] = []
    dropped: dict[str, int] = {"caption": 0, "teacher": 0}
    for sample, text, source in raw:
        for code, sentences in _by_language(text).items():
            fit, lost = fitting(sentences, code, truth[sample.name], titles)
            dropped[source] += lost
            if fit:
                told.append(Told(sample.name, code, source, tuple(fit)))
    (folder / _TOLD).write_bytes(msgspec.json.encode(TellingResult(tuple(told), dropped)))


def read_told(folder: Path) -> TellingResult:
    return msgspec.json.decode((folder / _TOLD).read_bytes(), type=TellingResult)


def fitting(sentences: Sequence[str], code: str, facts: Facts, titles: Titles) -> tuple[list[str], int]:
    """The sentences that cannot contradict the facts, with a slot for the class; and how many can."""
    fit, lost = kept(sentences, facts, code, titles)
    return [_with_slot(each, facts, titles, code) for each in fit], lost


def _by_language(text: str) -> dict[str, list[str]]:
    """A text may be in several languages, one sentence after the other."""
    found: dict[str, list[str]] = {}
    for sentence in split_sentences(plain(text)):
        found.setdefault(language_in(sentence), []).append(sentence)
    return found


def language_in(text: str) -> str:
    """The language of a text, by its characters."""
    return "zh-TW" if _CHINESE.search(text) else "en"


def _described(samples: Sequence[Sample], name: str, reporter: Reporter) -> list[tuple[Sample, str, Source]]:
    """One telling in each language that the teacher answers in; one that only captions is asked once."""
    describer = load_describer(name)
    reporter.say(f"describer: {describer.name}")
    prompts = list(PROMPTS.values()) if describer.both is not None else [""]
    found: dict[tuple[str, str], tuple[Sample, str, Source]] = {}
    with reporter.bar("the describer writes", len(samples) * len(prompts)) as advance:
        for sample in samples:
            image_HWC = read_image(sample.path)
            for prompt in prompts:
                (text,) = describe(describer, [image_HWC], prompt)
                found[sample.name, text] = (sample, text, "teacher")
                advance()
    return list(found.values())


def _with_slot(sentence: str, facts: Facts, titles: Titles, code: str) -> str:
    if facts.class_name is None:
        return sentence
    title = re.escape(titles.title(facts.class_name, code))
    bounded = rf"(?<![A-Za-z]){title}(?![A-Za-z])" if LANGUAGES[code].is_spaced else title
    return re.sub(bounded, CLASS_SLOT, sentence, flags=re.IGNORECASE)


def joined(sentences: Sequence[str], code: str) -> str:
    return LANGUAGES[code].gap.join(sentences)


def texts_of(told: Iterable[Told]) -> list[str]:
    """Their texts, for a vocabulary."""
    return [joined(each.sentences, each.language) for each in told]
