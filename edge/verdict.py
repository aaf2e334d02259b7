"""The decision, and nothing else: probabilities and thresholds in, a verdict out. No clock, no state, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.bundle import ClassSpec, Decision

Status = Literal["OK", "NG", "UNDECIDED"]

# Why a part was not decided. Published; a new reason is a change of the feed's schema.
Reason = Literal["low_confidence", "engine_failed", "bad_output", "camera_down"]


@dataclass(frozen=True, slots=True)
class Decided:
    """A status with what led to it.

    class_name: the likeliest class of the kind the status names (a defect for NG, the good one for OK); None
        where no class was found.
    probability: of that class, 0..1.
    defect_score: summed probability of the defect classes, 0..1.
    reason: set exactly when the status is UNDECIDED.
    """

    status: Status
    class_name: str | None
    probability: float
    defect_score: float
    reason: Reason | None = None


def undecided(reason: Reason) -> Decided:
    """The verdict for a part that no model answered for."""
    return Decided("UNDECIDED", None, 0.0, 0.0, reason)


def decide(prob_K: NDArray[np.float32], classes: tuple[ClassSpec, ...], rule: Decision) -> Decided:
    """Apply the bundle's rule to one part's class probabilities `prob_K` (float32, K, sums to 1)."""
    if prob_K.shape != (len(classes),) or not np.all(np.isfinite(prob_K)):
        return undecided("bad_output")
    is_defect_K = np.array([c.kind == "defect" for c in classes])
    defect_score = float(min(1.0, prob_K[is_defect_K].sum()))
    if rule.defect_threshold is None:
        return _classify(prob_K, classes, rule.min_confidence, defect_score)
    is_ng = defect_score >= rule.defect_threshold
    best = int(np.argmax(np.where(is_defect_K == is_ng, prob_K, -1.0)))
    return Decided("NG" if is_ng else "OK", classes[best].name, float(prob_K[best]), defect_score)


def _classify(
    prob_K: NDArray[np.float32], classes: tuple[ClassSpec, ...], min_confidence: float, defect_score: float
) -> Decided:
    """No good class exists: the part is defective by assumption, and only the kind is in question."""
    best = int(np.argmax(prob_K))
    name, probability = classes[best].name, float(prob_K[best])
    if probability < min_confidence:
        return Decided("UNDECIDED", name, probability, defect_score, "low_confidence")
    return Decided("NG", name, probability, defect_score)
