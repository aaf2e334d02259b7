"""A verdict with its picture in, a report out: facts, the sentences that say them, and what a model adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle
from edge.language.facts import Facts, Titles, facts_of
from edge.language.grammar.languages import language_of
from edge.language.grammar.sentences import write
from edge.messages import Verdict


@dataclass(frozen=True, slots=True)
class Written:
    """A report. text per language says the facts and nothing else; words per language are the model's.

    dropped: how many sentences of the model's were left out because they contradicted the facts.
    """

    facts: Facts
    text: dict[str, str]
    words: dict[str, str]
    dropped: int


class Reporter:
    """Writes the reports of one bundle. One thread at a time."""

    def __init__(self, bundle: Bundle, languages: Sequence[str]) -> None:
        """Raises ConfigError for a language that reports are not written in."""
        self._languages = tuple(language_of(code).code for code in languages)
        self._titles = Titles(bundle.manifest.classes)

    def report(self, image_HWC: NDArray[np.uint8], verdict: Verdict) -> Written:
        """Write about one part. image_HWC: its frame, uint8 BGR, of which only the verdict's region is looked at."""
        del image_HWC  # the facts need the verdict only
        facts = facts_of(verdict)
        text = {code: write(facts, code, self._titles) for code in self._languages}
        return Written(facts, text, {}, 0)
