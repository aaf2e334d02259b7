"""Which ways a picture may be turned and mirrored in training: those that the teacher cannot tell from the real ones.

A steel surface looks the same from all sides; a casting that always lies the same way does not, and a student that
also learns it upside down wastes what little room it has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from compress.teachers.views import TURNS, View, turned

_TOLD_APART = 0.75  # area under the curve, halfway between alike and surely told apart
_FEWEST = 12  # with fewer pictures every turn is allowed: there is nothing to compare with

Embed = Callable[[list[View]], NDArray[np.float32]]


def allowed_turns(pictures: Sequence[View], groups: Sequence[str], embed: Embed) -> tuple[int, ...]:
    """The turns (see `compress.teachers.views.TURNS`) after which pictures are as like the other pictures as before.

    A picture's likeness is its cosine to the nearest picture of another group. A turn is refused where likeness
    before and after can be told apart. embed: the teacher's embedding of some pictures, N x D.
    """
    if len(set(groups)) < _FEWEST:
        return tuple(range(len(TURNS)))
    group_N = np.asarray(groups)
    other_NN = group_N[:, None] != group_N[None]
    plain_ND = _unit(embed(list(pictures)))
    centre_D = plain_ND.mean(0)
    before_N = _likeness(plain_ND, plain_ND, centre_D, other_NN)
    allowed = [0]
    for turn in range(1, len(TURNS)):
        after_ND = _unit(embed([turned(picture, turn) for picture in pictures]))
        after_N = _likeness(after_ND, plain_ND, centre_D, other_NN)
        told = roc_auc_score(np.repeat([1, 0], len(before_N)), np.concatenate([before_N, after_N]))
        allowed += [turn] if told < _TOLD_APART else []
    return tuple(allowed)


def _likeness(
    ours_ND: NDArray[np.float32],
    theirs_ND: NDArray[np.float32],
    centre_D: NDArray[np.float32],
    other_NN: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """The cosine to the nearest picture of another group, around the pictures' mean: else all are alike."""
    cosine_NN = _unit(ours_ND - centre_D) @ _unit(theirs_ND - centre_D).T
    return np.asarray(np.where(other_NN, cosine_NN, -1.0).max(1), np.float32)


def _unit(x_ND: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(x_ND / (np.linalg.norm(x_ND, axis=1, keepdims=True) + 1e-12), np.float32)
