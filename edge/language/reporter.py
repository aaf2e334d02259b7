"""A verdict with its picture in, a report out: facts, the sentences that say them, and what a model adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.bundle.load import Bundle
from edge.facts import Facts, Titles
from edge.language.decoder import Decoder, DecoderFiles
from edge.language.grammar.language import Language
from edge.language.grammar.languages import language_of
from edge.language.grammar.sentences import says, write
from edge.language.phrases import fact_phrases, own_phrases
from edge.language.prose import kept, split_sentences
from edge.language.sight import Sight
from edge.language.state import facts_of
from edge.language.vocabulary import load_vocabulary
from edge.messages import Phrase, Verdict


@dataclass(frozen=True, slots=True)
class Written:
    """A report. text per language says the facts and nothing else; words per language are the model's.

    dropped: how many sentences of the model's were left out because they may contradict the facts.
    phrases per language: where on the picture to look for what a piece of it says.
    """

    facts: Facts
    text: dict[str, str]
    words: dict[str, str]
    dropped: int
    phrases: dict[str, tuple[Phrase, ...]]


@dataclass(frozen=True, slots=True)
class _Said:
    """A report in one language; `words` is empty where the model adds none."""

    text: str
    words: str
    dropped: int
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class _Writer:
    """What a bundle with a decoder adds."""

    sight: Sight
    decoder: Decoder


class Reporter:
    """Writes the reports of one bundle. One thread at a time."""

    def __init__(self, bundle: Bundle, languages: Sequence[str]) -> None:
        """Raises ConfigError for a language that reports are not written in, BundleError for a damaged decoder."""
        self._languages = tuple(language_of(code) for code in languages)
        self._titles = Titles(bundle.manifest.all_classes)
        self._writer = _writer_of(bundle)

    def report(self, image_HWC: NDArray[np.uint8], verdict: Verdict) -> Written:
        """Write about one part. image_HWC: its frame, uint8 BGR, of which only the verdict's region is looked at.

        Raises EngineError where the encoder fails.
        """
        facts = facts_of(verdict)
        tokens_TC = None if self._writer is None else self._writer.sight.see(image_HWC, verdict.region)
        said = {language.code: self._said(language, facts, verdict, tokens_TC) for language in self._languages}
        return Written(
            facts,
            text={code: each.text for code, each in said.items()},
            words={code: each.words for code, each in said.items() if each.words},
            dropped=sum(each.dropped for each in said.values()),
            phrases={code: each.phrases for code, each in said.items()},
        )

    def _said(self, language: Language, facts: Facts, verdict: Verdict, tokens_TC: NDArray[np.float32] | None) -> _Said:
        text = write(facts, language.code, self._titles)
        if self._writer is None or tokens_TC is None:
            return _Said(text, "", 0, fact_phrases(text, facts, language, self._titles, verdict))
        draft = self._writer.decoder.write(tokens_TC, facts, language, self._titles)
        if says(draft.text, facts, language.code, self._titles):  # read back before anybody sees it
            text = draft.text
        fit, dropped = kept(split_sentences(draft.words), facts, language.code, self._titles)
        own = own_phrases(fit, draft, language, self._writer.sight.grid(len(tokens_TC)), verdict.region)
        phrases = fact_phrases(text, facts, language, self._titles, verdict)
        return _Said(text, language.gap.join(fit), dropped, (*phrases, *own))


def _writer_of(bundle: Bundle) -> _Writer | None:
    spec = bundle.manifest.reports
    if spec is None:
        return None
    vocabulary = load_vocabulary(bundle.file(spec.vocabulary))
    files = DecoderFiles(*(bundle.file(name) for name in (spec.see, spec.read, spec.step)))
    return _Writer(Sight(bundle), Decoder(files, vocabulary))
