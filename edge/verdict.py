"""The decision, and nothing else: scores and thresholds in, a verdict out. No clock, no state, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from operator import itemgetter
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import ClassKind, ClassSpec, Decision

Status = Literal["OK", "NG", "UNDECIDED"]

# Why a part was not decided. Published; a new reason is a change of the feed's schema.
Reason = Literal[
    "low_confidence",
    "engine_failed",
    "bad_output",
    "camera_down",
    "deadline",
    "blurred",
    "underexposed",
    "overexposed",
    "lens_covered",
    "frozen",
    "cut_off",
]

# What is to become of the part.
Disposition = Literal["accept", "reject", "hold"]


# The class of a part that is neither good nor like any defect the bundle knows.
UNKNOWN_DEFECT = ClassSpec("unknown defect", "defect", {"en": "Unknown defect", "zh-TW": "未知瑕疵"})


@dataclass(frozen=True, slots=True)
class Decided:
    """A status with what led to it.

    class_name: the likeliest class of the kind the status names (a defect for NG, the good one for OK);
        UNKNOWN_DEFECT's where the part is unlike good ones and no known defect; None where no class was found.
    probability: of that class, 0..1; for UNKNOWN_DEFECT the anomaly score.
    defect_score: summed probability of the defect classes, 0..1; the anomaly score for UNKNOWN_DEFECT, and where
        the bundle knows no defect class.
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


def disposition(status: Status, undecided_means: Disposition) -> Disposition:
    """A good part is accepted, a bad one rejected; what becomes of the others is the line file's to say."""
    if status == "UNDECIDED":
        return undecided_means
    return "accept" if status == "OK" else "reject"


def decide(
    prob_K: NDArray[np.float32], classes: tuple[ClassSpec, ...], rule: Decision, anomaly: float | None = None
) -> Decided:
    """Apply the bundle's rule to one part's class probabilities `prob_K` (float32, K, sums to 1).

    anomaly: how unlike a good part it is, 0..1; needed where the rule has a threshold for it.
    Plain numbers, no arrays: for a handful of classes each array operation costs more than the whole decision.
    """
    prob = prob_K.tolist()
    if prob_K.shape != (len(classes),) or not all(map(isfinite, prob)):
        return undecided("bad_output")
    scored = list(zip(prob, classes, strict=True))
    defect_score = min(1.0, sum(p for p, c in scored if c.kind == "defect"))
    if rule.defect_threshold is None:
        return _classify(scored, rule.min_confidence, defect_score)
    kind: ClassKind = "defect" if defect_score >= rule.defect_threshold else "good"
    probability, best = max((pair for pair in scored if pair[1].kind == kind), key=itemgetter(0))
    known = Decided("NG" if kind == "defect" else "OK", best.name, probability, defect_score)
    return known if rule.anomaly is None else _or_unknown(known, anomaly, rule, classes)


def _or_unknown(known: Decided, anomaly: float | None, rule: Decision, classes: tuple[ClassSpec, ...]) -> Decided:
    """A surely known defect stays; anything else that is unlike the good parts is an unknown defect."""
    assert rule.anomaly is not None
    if anomaly is None or not isfinite(anomaly):
        return undecided("bad_output")
    surely_known = known.status == "NG" and known.probability >= rule.min_confidence
    if anomaly >= rule.anomaly.threshold and not surely_known:
        return Decided("NG", UNKNOWN_DEFECT.name, anomaly, anomaly)
    return known if any(c.kind == "defect" for c in classes) else replace(known, defect_score=anomaly)


def _classify(scored: list[tuple[float, ClassSpec]], min_confidence: float, defect_score: float) -> Decided:
    """No good class exists: the part is defective by assumption, and only the kind is in question."""
    probability, best = max(scored, key=itemgetter(0))
    if probability < min_confidence:
        return Decided("UNDECIDED", best.name, probability, defect_score, "low_confidence")
    return Decided("NG", best.name, probability, defect_score)
