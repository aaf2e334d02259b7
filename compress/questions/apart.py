"""How well unseen wordings are understood: each is read by a model that was taught neither it nor one much like it.

This is what the reader is tuned on. The wordings of `benchmarks.questions` have no part in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from compress.questions.grammar import Asked, vocabulary
from compress.questions.kinds import TAUGHT, Taught
from compress.questions.train import Seen, learned_from, seen_by_reader
from edge.questions.features import units
from edge.questions.reader import LANGUAGES, Considered, QuestionModel, considered, surest

_FOLDS = 3
# Of questions that nobody can answer, in wordings that were not taught. Those were gathered because they are near to
# what can be answered, or were misread: of what people happen to ask, 95 in a hundred are refused.
REFUSED = 0.88
# The same sum in another order may come out this much larger, and what must be refused would pass.
_ROUNDING = 1e-6
# Wordings of which more is the same, by the cosine of their words, are as good as one.
_LIKE = 0.999


@dataclass(frozen=True, slots=True)
class Vote:
    """What a model says of a question it was not taught, as a whole and in part, and on what evidence."""

    asked: Asked
    considered: tuple[Considered, ...]


def votes_apart(asked: Sequence[Asked]) -> list[Vote]:
    """Every question, read by a model that was taught no wording like its own."""
    votes: list[Vote] = []
    wordings = [one.wording for one in asked]
    for learn, test in GroupKFold(_FOLDS, shuffle=True, random_state=0).split(wordings, groups=wordings):
        taught = [asked[n] for n in learn]
        words = vocabulary(dict.fromkeys(one.wording for one in taught if one.language == "en"))
        tested = seen_by_reader([asked[n] for n in test], words)
        model = learned_from(_unlike(seen_by_reader(taught, words), tested), words)
        votes += [_vote(one, model) for one in tested]
    return votes


def limits(votes: Sequence[Vote]) -> NDArray[np.float64]:
    """`QuestionModel.accept_LE`: a limit for each language."""
    return np.stack([_limit([vote for vote in votes if vote.asked.language == language]) for language in LANGUAGES])


def _limit(votes: Sequence[Vote]) -> NDArray[np.float64]:
    """How the evidence is weighed, and what suffices so that REFUSED of the others are refused.

    A wrong kind counts as not understood. What suffices is measured on questions as people put them: drawn from the
    grammar, questions that nobody can answer are mostly odd, and near to those that can be answered.
    """
    said = [(vote.asked, one) for vote in votes for one in vote.considered if TAUGHT[one.said] != "other"]
    weigh = LogisticRegression(C=10.0, max_iter=1000)
    weigh.fit(
        np.stack([one.evidence_E for _, one in said]), [is_right(TAUGHT[one.said], asked.kind) for asked, one in said]
    )
    unmoved_E = np.append(weigh.coef_[0], 0.0)
    others = [vote for vote in votes if vote.asked.kind == "other" and vote.asked.as_put]
    strongest = np.sort([surest(vote.considered, unmoved_E)[1] for vote in others])[::-1]
    allowed = int((1 - REFUSED) * len(others))
    return np.append(weigh.coef_[0], -(float(strongest[allowed]) + _ROUNDING))


def shares(votes: Sequence[Vote], accept_LE: NDArray[np.float64]) -> tuple[float, float]:
    """Of those that can be answered, read as their kind; of the others, refused."""
    found = [surest(vote.considered, accept_LE[LANGUAGES.index(vote.asked.language)]) for vote in votes]
    said: list[Taught] = [TAUGHT[kind] if sure >= 0 else "other" for kind, sure in found]
    right = np.array([is_right(one, vote.asked.kind) for one, vote in zip(said, votes, strict=True)])
    other = np.array([vote.asked.kind == "other" for vote in votes])
    return float(right[~other].mean()), float(right[other].mean())


def is_right(said: Taught, kind: Taught) -> bool:
    """Whether a question was read as its kind. One that follows nothing is answered as what exists."""
    return said == kind or (said, kind) == ("follow", "exists")


def _vote(one: Seen, model: QuestionModel) -> Vote:
    return Vote(one.asked, tuple(considered(one.frame, one.asked.language, model)))


def _unlike(taught: Sequence[Seen], tested: Sequence[Seen]) -> list[Seen]:
    """Those taught that are not much like one of those tested."""
    known = {
        unit: n for n, unit in enumerate({unit for one in taught for unit in units(one.frame, one.asked.language)})
    }
    likeness = _words(taught, known) @ _words(tested, known).T
    most = np.asarray(likeness.max(axis=1).todense()).ravel()
    return [one for one, like in zip(taught, most, strict=True) if like < _LIKE]


def _words(seen: Sequence[Seen], known: dict[int, int]) -> csr_matrix:
    """The words of each question, scaled so that a product of two rows is their cosine."""
    all_words = [set(units(one.frame, one.asked.language)) for one in seen]
    rows = [[known[word] for word in words if word in known] for words in all_words]
    values = np.concatenate(
        [np.full(len(row), 1 / np.sqrt(max(1, len(words)))) for row, words in zip(rows, all_words, strict=True)]
    )
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    return csr_matrix((values, np.concatenate(rows).astype(np.int64), starts), (len(rows), len(known)))
