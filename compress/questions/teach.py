"""The reader of questions, made anew: questions drawn, the limit fitted on wordings apart, and the model of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compress.questions.apart import limits, shares, votes_apart
from compress.questions.grammar import Asked, drawn
from compress.questions.train import learned
from edge.questions.reader import QuestionModel

_EACH = 3
_EACH_APART = 2


@dataclass(frozen=True, slots=True)
class Fitted:
    """As people put them, each left out once. understood: of questions to be answered. refused: of the others."""

    model: QuestionModel
    learned_from: int
    understood: float
    refused: float


def teach_questions(seed: int, more: Sequence[Asked] = ()) -> Fitted:
    """Draw questions, learn from them and from `more`, and fit the limit. The same seed gives the same model."""
    rng = np.random.default_rng(seed)
    votes = votes_apart(list(drawn(rng, _EACH_APART)))
    accept_LE = limits(votes)
    answerable, others = shares([vote for vote in votes if vote.asked.as_put], accept_LE)
    asked = [*drawn(rng, _EACH), *more]
    return Fitted(learned(asked, accept_LE), len(asked), answerable, others)
