"""How each group of the test split fared: a model that fails one camera, batch or sequence fails it as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FEWEST_IMAGES = 2.0  # a table of groups of one picture each would be a list of pictures


@dataclass(frozen=True, slots=True)
class GroupScore:
    """One group: its pictures, how many got a wrong class, and of those the escapes and the overkill."""

    name: str
    images: int
    wrong: int
    escapes: int
    overkill: int

    @property
    def share_wrong(self) -> float:
        return self.wrong / self.images


def by_group(
    groups: Sequence[str],
    true_N: NDArray[np.int64],
    decided_N: NDArray[np.int64],
    good_N: NDArray[np.bool_],
    passed_N: NDArray[np.bool_],
) -> tuple[GroupScore, ...]:
    """The groups, the worst first; nothing where groups have hardly more than one picture each.

    true_N, decided_N: class indices. good_N: whether a part is good; passed_N: whether it was decided to be.
    """
    names, group_N = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    if len(names) < 2 or len(groups) / len(names) < _FEWEST_IMAGES:
        return ()

    def counted(which_N: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(group_N[which_N], minlength=len(names))

    columns = (
        counted(np.ones(len(groups), np.bool_)), counted(true_N != decided_N), counted(~good_N & passed_N),
        counted(good_N & ~passed_N),
    )  # fmt: skip
    scores = [GroupScore(str(name), *(int(column[i]) for column in columns)) for i, name in enumerate(names)]
    return tuple(sorted(scores, key=lambda s: (-s.share_wrong, -s.images, s.name)))
