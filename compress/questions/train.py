"""Teaches the reader of questions: a linear model over pieces of text, and the limit below which it has not understood.

Learned from a grammar (`compress.questions.grammar`). Whether a question was understood is decided by the odds of its
kind and by how much of it was ever met (`reader.evidence`). How these are weighed is fitted on wordings left out in
turn (`compress.questions.apart`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from compress.questions.grammar import Asked, own_names, vocabulary
from compress.questions.kinds import TAUGHT
from edge.bundle.manifest import ClassSpec
from edge.questions.features import BUCKETS, buckets, units
from edge.questions.mentions import WORDS, Finder
from edge.questions.reader import EVIDENCE, KINDS, LANGUAGES, QuestionModel

_STRENGTH = 60.0
_STEPS = 300
# A word that was met once may be a slip of the pen.
_LEAST_MET = 2


@dataclass(frozen=True, slots=True)
class Seen:
    """A question as the reader sees it: what it names put out of the way."""

    asked: Asked
    frame: str


def seen_by_reader(asked: Iterable[Asked], words: Sequence[str]) -> list[Seen]:
    """For a bundle with classes of names that no group of words knows. words: that slips are put right to."""
    finders = {
        language: Finder(
            [ClassSpec(f"own {n}", "defect", {language: name}) for n, name in enumerate(own_names(language))], words
        )
        for language in WORDS
    }
    return [Seen(one, finders[one.language].find(one.text, one.language).frame) for one in asked]


def learned(asked: Sequence[Asked], accept_LE: NDArray[np.float64] | None = None) -> QuestionModel:
    """A model that was taught these questions. accept_LE: of `QuestionModel`; everything is understood without it."""
    words = vocabulary(dict.fromkeys(one.wording or one.text for one in asked if one.language == "en"))
    return learned_from(seen_by_reader(asked, words), words, accept_LE)


def learned_from(
    seen: Sequence[Seen], words: tuple[str, ...], accept_LE: NDArray[np.float64] | None = None
) -> QuestionModel:
    """The same, of questions that were seen with these words."""
    # Many are alike once what they name is out of the way; such are learned once, with their number as weight.
    times = Counter((one.frame, one.asked.language, TAUGHT.index(one.asked.kind)) for one in seen)
    classifier = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=_STEPS)
    classifier.fit(
        _matrix([buckets(frame, language) for frame, language, _ in times]),
        [kind for _, _, kind in times],
        sample_weight=list(times.values()),
    )
    met = np.array([unit for one in seen for unit in units(one.frame, one.asked.language)], np.uint32)
    values, counts = np.unique(met, return_counts=True)
    weights_BK, bias_K = classifier.coef_.T.astype(np.float32), classifier.intercept_.astype(np.float32)
    weighed = np.zeros((len(LANGUAGES), EVIDENCE + 1)) if accept_LE is None else accept_LE
    return QuestionModel(weights_BK, bias_K, values[counts >= _LEAST_MET], weighed, words)


def _matrix(rows: Sequence[NDArray[np.int64]]) -> csr_matrix:
    """Each question's pieces, scaled as `edge.questions.reader.read` scales them."""
    lengths = np.array([len(row) for row in rows])
    values = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths).astype(np.float32)
    return csr_matrix((values, np.concatenate(rows), np.concatenate([[0], np.cumsum(lengths)])), (len(rows), BUCKETS))


assert TAUGHT[:-1] == KINDS
