"""Teaches the reader of questions: a linear model over pieces of text, and the limit below which it has not understood.

Learned from a grammar (`compress.questions.grammar`) and from the questions in the data, where there are any. Whether
a question was understood is decided by the odds of its kind and by how much of it was ever met (`reader.evidence`). How
these are weighed is fitted on wordings left out in turn: each is read by a model that was not taught it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from compress.questions.grammar import Asked, drawn, own_names
from compress.questions.kinds import TAUGHT, Taught
from edge.bundle import ClassSpec
from edge.questions.features import BUCKETS, buckets, units
from edge.questions.mentions import WORDS, Finder, Language
from edge.questions.reader import EVIDENCE, KINDS, QuestionModel, evidence, scores

_EACH = 10
_STRENGTH = 60.0
_FOLDS = 5
_EACH_APART = 3
# Of questions that nobody can answer, in wordings that were not taught.
_REFUSED = 0.95
# A word that was met once may be a slip of the pen.
_LEAST_MET = 2


@dataclass(frozen=True, slots=True)
class Fitted:
    """Of wordings, each left out once. understood: of those that can be answered. refused: of the others."""

    model: QuestionModel
    learned_from: int
    understood: float
    refused: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """A question as the reader sees it."""

    asked: Asked
    frame: str
    pieces: NDArray[np.int64]


def teach_questions(seed: int, more: Sequence[Asked] = ()) -> Fitted:
    """Draw questions, learn from them and from `more`, and fit the limit. The same seed gives the same model."""
    rng = np.random.default_rng(seed)
    apart = [_seen(one) for one in drawn(rng, _EACH_APART)]
    votes = _left_out(apart)
    accept = _limit(votes)
    answerable, others = _shares(votes, accept)
    seen = [_seen(one) for one in (*drawn(rng, _EACH), *more)]
    model = _learned(seen, accept)
    return Fitted(model, len(seen), answerable, others)


@dataclass(frozen=True, slots=True)
class _Vote:
    """What a model says of a question it was not taught, and on what evidence."""

    said: Taught
    kind: Taught
    evidence: NDArray[np.float64]


def _learned(seen: Sequence[_Seen], accept: NDArray[np.float64]) -> QuestionModel:
    classifier = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=400)
    classifier.fit(_matrix([one.pieces for one in seen]), [TAUGHT.index(one.asked.kind) for one in seen])
    met = np.array([unit for one in seen for unit in units(one.frame, one.asked.language)], np.uint32)
    values, counts = np.unique(met, return_counts=True)
    weights_BK, bias_K = classifier.coef_.T.astype(np.float32), classifier.intercept_.astype(np.float32)
    return QuestionModel(weights_BK, bias_K, values[counts >= _LEAST_MET], accept)


def _left_out(seen: Sequence[_Seen]) -> list[_Vote]:
    """Every question, read by a model that was not taught its wording."""
    votes: list[_Vote] = []
    wordings = [one.asked.wording for one in seen]
    for learn, test in GroupKFold(_FOLDS, shuffle=True, random_state=0).split(wordings, groups=wordings):
        model = _learned([seen[n] for n in learn], np.zeros(EVIDENCE + 1))
        votes += [_vote(seen[n], model) for n in test]
    return votes


def _vote(one: _Seen, model: QuestionModel) -> _Vote:
    score_K = scores(one.frame, one.asked.language, model)
    said = TAUGHT[int(score_K.argmax())]
    return _Vote(said, one.asked.kind, evidence(score_K, one.frame, one.asked.language, model.known))


def _limit(votes: Sequence[_Vote]) -> NDArray[np.float64]:
    """How the evidence is weighed, and what suffices so that _REFUSED of the others are refused.

    A wrong kind counts as not understood.
    """
    read = [vote for vote in votes if vote.said != "other"]
    weigh = LogisticRegression(C=10.0, max_iter=1000)
    evidence_N = np.stack([vote.evidence for vote in read])
    weigh.fit(evidence_N, [vote.said == vote.kind for vote in read])
    sums_N = evidence_N @ weigh.coef_[0]
    others = np.array([vote.kind == "other" for vote in read])
    allowed = int((1 - _REFUSED) * sum(vote.kind == "other" for vote in votes))
    strongest = np.sort(sums_N[others])[::-1]
    limit = float(strongest[allowed]) if allowed < strongest.size else float(sums_N.min())
    return np.append(weigh.coef_[0], -np.nextafter(limit, np.inf))


def _shares(votes: Sequence[_Vote], accept: NDArray[np.float64]) -> tuple[float, float]:
    """Of those that can be answered, read as their kind; of the others, refused."""
    said = [vote.said if accept[:-1] @ vote.evidence + accept[-1] >= 0 else "other" for vote in votes]
    right = np.array([one == vote.kind for one, vote in zip(said, votes, strict=True)])
    other = np.array([vote.kind == "other" for vote in votes])
    return float(right[~other].mean()), float(right[other].mean())


def _seen(one: Asked) -> _Seen:
    frame = _FINDERS[one.language].find(one.text, one.language).frame
    return _Seen(one, frame, buckets(frame, one.language))


def _matrix(rows: Sequence[NDArray[np.int64]]) -> csr_matrix:
    """Each question's pieces, scaled as `edge.questions.reader.read` scales them."""
    lengths = np.array([len(row) for row in rows])
    values = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths)
    return csr_matrix((values, np.concatenate(rows), np.concatenate([[0], np.cumsum(lengths)])), (len(rows), BUCKETS))


def _finder(language: Language) -> Finder:
    """For a bundle with classes of names that no group of words knows."""
    names = own_names(language)
    return Finder([ClassSpec(f"own {n}", "defect", {language: name}) for n, name in enumerate(names)])


_FINDERS = {language: _finder(language) for language in WORDS}
assert TAUGHT[:-1] == KINDS
