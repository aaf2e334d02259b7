"""The teacher's opinion in figures, where it is the label: how sure it was, and whether it means anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from compress.errors import DataError
from compress.teachers.prompts import Prompts

_BINS = 10
_ABOVE_CHANCE = 0.1  # of the way from chance to certainty; where no picture gets so far, nothing was recognised
_BLIND = 0.01  # of random directions do as well as the sentences; a trained teacher is told by fewer


class Opinion(msgspec.Struct, frozen=True):
    """What the teacher said of pictures nobody labelled, for the report.

    confidence: how many pictures have their likeliest class in each of ten equal bins of probability, 0..1.
    counts: pictures by class. median: of the confidence. tested_on_labels: whether people labelled the test split.
    """

    sentences: dict[str, tuple[str, ...]]
    counts: dict[str, int]
    confidence: tuple[int, ...]
    median: float
    tested_on_labels: bool = False

    @property
    def images(self) -> int:
        return sum(self.confidence)

    @property
    def said(self) -> str:
        """One sentence for the terminal and the report."""
        shares = ", ".join(f"{name} {count:,}" for name, count in self.counts.items())
        asked = f"labels are the teacher's opinion of {self.images:,} pictures ({shares}), median confidence"
        tested = (
            "the test split has labels by people, so its figures are accuracy"
            if self.tested_on_labels
            else "without labels accuracy cannot be known: all figures say how well the teacher is copied"
        )
        return f"{asked} {self.median:.2f}; thresholds are fitted on that opinion; {tested}"


def tell(prompts: Prompts, prob_NK: NDArray[np.float32], tested_on_labels: bool) -> Opinion:
    """The opinion as figures for people."""
    sure_N = prob_NK.max(1)
    chosen = Counter(prompts.names[index] for index in prob_NK.argmax(1))
    histogram, _ = np.histogram(sure_N, bins=_BINS, range=(0.0, 1.0))
    return Opinion(
        sentences={name: prompts.sentences(name) for name in prompts.names},
        counts={name: chosen[name] for name in prompts.names},
        confidence=tuple(int(count) for count in histogram),
        median=float(np.median(sure_N)),
        tested_on_labels=tested_on_labels,
    )


def require_opinion(prob_NK: NDArray[np.float32], names: Sequence[str], blindness: float, even_at_chance: bool) -> None:
    """Raise DataError where the teacher sees no difference between the classes, or finds only one of them.

    blindness: `compress.teachers.zero_shot.chance_of_blindness`.
    """
    chance = 1 / len(names)
    surest = float(prob_NK.max())
    if not even_at_chance and surest < chance + _ABOVE_CHANCE * (1 - chance):
        raise DataError(
            f"the teacher cannot tell {', '.join(names)} apart: its surest answer has probability {surest:.2f}, and "
            f"chance is {chance:.2f}; say in the prompts what can be seen, take another teacher, "
            "or go on all the same with --even-at-chance"
        )
    if not even_at_chance and blindness > _BLIND:
        raise DataError(
            f"the teacher's pictures and sentences were not brought together: random directions tell these pictures "
            f"apart as well as the sentences for {', '.join(names)} do ({blindness:.0%} of them); train it on pictures "
            "with sentences (edgevl train), take another teacher, or go on all the same with --even-at-chance"
        )
    chosen = set(prob_NK.argmax(1).tolist())
    if len(chosen) < 2:
        raise DataError(
            f"the teacher calls every picture {names[chosen.pop()]!r}, so there is nothing to tell apart; "
            "say in the prompts what can be seen, or take another teacher"
        )
