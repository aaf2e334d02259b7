"""How often a search finds what it should: recall at 1, 5 and 10, from sentences to parts and from parts to parts.

Recall at k is the share of questions with a right part among the first k, of those that have one at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compress.search.learn import Names
from compress.search.query import Query, draw, fits
from compress.search.wording import HELD_OUT, say
from edge.search.seen import Seen

AT = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class Question:
    """A held-out sentence and what it asks."""

    text: str
    query: Query


def held_out_questions(
    true: Sequence[Seen], language: str, names: Names, seed: int, for_each: int = 2
) -> list[Question]:
    """Sentences in wordings that were never trained on, drawn from what is true of parts."""
    rng = np.random.default_rng(seed)
    questions = []
    for one in true:
        for _ in range(for_each):
            query = draw(one, rng)
            called = names[query.class_name][language] if query.class_name is not None else ()
            questions.append(Question(say(query, HELD_OUT[language], called, rng), query))
    return questions


def right_parts(questions: Sequence[Question], true: Sequence[Seen], classes: Sequence[str]) -> NDArray[np.bool_]:
    """bool [Q, P]."""
    return fits([question.query for question in questions], true, classes)


def recall(rank_QP: NDArray[np.int64], right_QP: NDArray[np.bool_]) -> dict[int, float]:
    """rank_QP: parts by place, best first, -1 for none."""
    there = right_QP.any(axis=1)
    hit_QP = np.take_along_axis(right_QP, np.maximum(rank_QP, 0), axis=1) & (rank_QP >= 0)
    return {k: float(hit_QP[there, :k].any(axis=1).mean()) if there.any() else float("nan") for k in AT}


def ranked(query_QE: NDArray[np.float32], part_PE: NDArray[np.float32], leave_self: bool = False) -> NDArray[np.int64]:
    """Parts by their cosine to each query, best first; leave_self: row q of queries is row q of parts."""
    score_QP = query_QE @ part_PE.T
    if leave_self:
        np.fill_diagonal(score_QP, -np.inf)
    return np.asarray(np.argsort(-score_QP, axis=1, kind="stable")[:, : max(AT)])
