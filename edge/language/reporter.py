"""A verdict with its picture in, a report out: facts, the sentences that say them, and what a model adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle
from edge.facts import Facts, Titles
from edge.language.decoder import Decoder
from edge.language.grammar.language import Language
from edge.language.grammar.languages import language_of
from edge.language.grammar.sentences import says, write
from edge.language.prose import kept, split_sentences
from edge.language.sight import Sight
from edge.language.state import facts_of
from edge.language.vocabulary import load_vocabulary
from edge.messages import Verdict


@dataclass(frozen=True, slots=True)
class Written:
    """A report. text per language says the facts and nothing else; words per language are the model's.

    dropped: how many sentences of the model's were left out because they may contradict the facts.
    """

    facts: Facts
    text: dict[str, str]
    words: dict[str, str]
    dropped: int


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
        if self._writer is None:
            text = {each.code: write(facts, each.code, self._titles) for each in self._languages}
            return Written(facts, text, {}, 0)
        tokens_TC = self._writer.sight.see(image_HWC, verdict.region)
        said, words, dropped = {}, {}, 0
        for language in self._languages:
            said[language.code], fit, lost = self._drafted(self._writer.decoder, tokens_TC, facts, language)
            dropped += lost
            if fit:
                words[language.code] = language.gap.join(fit)
        return Written(facts, said, words, dropped)

    def _drafted(
        self, decoder: Decoder, tokens_TC: NDArray[np.float32], facts: Facts, language: Language
    ) -> tuple[str, list[str], int]:
        """The facts as the decoder words them, read back before anybody sees them; its own sentences; the lost ones."""
        draft = decoder.write(tokens_TC, facts, language, self._titles)
        fit, lost = kept(split_sentences(draft.words), facts, language.code, self._titles)
        if says(draft.text, facts, language.code, self._titles):
            return draft.text, fit, lost
        return write(facts, language.code, self._titles), fit, lost


def _writer_of(bundle: Bundle) -> _Writer | None:
    spec = bundle.manifest.reports
    if spec is None:
        return None
    vocabulary = load_vocabulary(bundle.file(spec.vocabulary))
    return _Writer(Sight(bundle), Decoder(bundle.file(spec.prefill), bundle.file(spec.step), vocabulary))
