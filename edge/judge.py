"""One triggered picture in, what the inspector finds in it out, as the feed says it. Runs in the inspection thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from camera.frame import Frame
from edge.engines.engine import Engine
from edge.inspector import Inspection, Inspector, clipped
from edge.ledger import Trigger
from edge.messages import Box, Region, Timings
from edge.verdict import Decided, Reason, undecided


@dataclass(frozen=True, slots=True)
class Work:
    """A trigger with the picture to judge; `region` in its pixels, None for all of it.

    unfit: why the picture cannot be judged, where that is known already. check_quality: whether to look for more.
    """

    trigger: Trigger
    frame: Frame
    region: Region | None
    unfit: Reason | None = None
    check_quality: bool = True


@dataclass(frozen=True, slots=True)
class JudgedBy:
    """The bundle's id and the engine's description, for the verdict."""

    bundle: str
    engine: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What is said of one trigger. region and boxes: pixels of the camera's frame."""

    decided: Decided
    region: Region
    boxes: tuple[Box, ...]
    timings: Timings
    by: JudgedBy


class Judge:
    """Times what the inspector says, and speaks up where it fails. One thread at a time."""

    def __init__(self, inspector: Inspector, say: Callable[[str], None]) -> None:
        self._inspector = inspector
        self._say = say
        self._last_error: str | None = None

    @property
    def engine(self) -> Engine:
        return self._inspector.engine

    def by(self) -> JudgedBy:
        """Who judges now, from any thread."""
        return JudgedBy(self._inspector.bundle_id, self._inspector.engine.description)

    def judge(self, work: Work) -> Findings:
        """Inspect. A failing engine gives UNDECIDED, and is said once, not thirty times a second."""
        by = self.by()
        if work.unfit is not None:
            return nothing_found(work, work.unfit, by)
        begin_ns = time.monotonic_ns()
        inspection = self._inspector.inspect(work.frame.image_HWC, work.region, check_quality=work.check_quality)
        end_ns = time.monotonic_ns()
        if inspection.error is not None and inspection.error != self._last_error:
            self._say(f"{work.trigger.camera}: a part stays UNDECIDED because {inspection.error}")
        self._last_error = inspection.error
        timings = Timings(
            wait_ms=milliseconds(begin_ns - work.frame.captured_ns),
            preprocess_ms=inspection.preprocess_ms,
            engine_ms=inspection.engine_ms,
            decide_ms=inspection.decide_ms,
            total_ms=milliseconds(end_ns - work.frame.captured_ns),
        )
        return _findings(inspection, timings, by)


def nothing_found(work: Work, reason: Reason, by: JudgedBy) -> Findings:
    """UNDECIDED, without the model. by: who would have judged."""
    waited_ms = milliseconds(time.monotonic_ns() - work.frame.captured_ns)
    timings = Timings(wait_ms=waited_ms, preprocess_ms=0.0, engine_ms=0.0, decide_ms=0.0, total_ms=waited_ms)
    return Findings(undecided(reason), clipped(work.region, work.frame.image_HWC), (), timings, by)


def milliseconds(ns: int) -> float:
    """A frame may be stamped by another clock, so never below zero."""
    return max(0, ns) / 1e6


def _findings(inspection: Inspection, timings: Timings, by: JudgedBy) -> Findings:
    decided = inspection.decided
    shares = replace(decided, probability=_share(decided.probability), defect_score=_share(decided.defect_score))
    return Findings(shares, inspection.region, tuple(_tidy(box) for box in inspection.boxes), timings, by)


def _tidy(box: Box) -> Box:
    return msgspec.structs.replace(box, score=_share(box.score))


def _share(value: float) -> float:
    """Sums and softmaxes of float32 may pass 1 by a rounding error, which the schema does not allow."""
    return min(1.0, max(0.0, value))
