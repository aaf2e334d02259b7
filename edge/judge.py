"""One triggered picture in, one verdict message out. Runs in the inspection thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from camera.frame import Frame
from edge.feed import Numbers
from edge.heartbeat import LineFacts
from edge.inspector import Inspection, Inspector
from edge.ledger import Trigger
from edge.messages import SCHEMA_VERSION, Box, Region, Timings, Verdict, time_text, topic_for
from edge.outbox import Judged


@dataclass(frozen=True, slots=True)
class Work:
    """A trigger with the picture to judge; `region` in its pixels, None for all of it."""

    trigger: Trigger
    frame: Frame
    region: Region | None


class Judge:
    """Numbers and names what the inspector says. One thread at a time."""

    def __init__(self, inspector: Inspector, facts: LineFacts, numbers: Numbers, say: Callable[[str], None]) -> None:
        self._inspector = inspector
        self._facts = facts
        self._numbers = numbers
        self._say = say
        self._last_error: str | None = None

    def judge(self, work: Work) -> Judged:
        """Inspect. A failing engine gives UNDECIDED, and is said once, not thirty times a second."""
        begin_ns = time.monotonic_ns()
        inspection = self._inspector.inspect(work.frame.image_HWC, work.region)
        end_ns = time.monotonic_ns()
        if inspection.error is not None and inspection.error != self._last_error:
            self._say(f"{work.trigger.camera}: a part stays UNDECIDED because {inspection.error}")
        self._last_error = inspection.error
        timings = Timings(
            wait_ms=_milliseconds(begin_ns - work.frame.captured_ns),
            preprocess_ms=inspection.preprocess_ms,
            engine_ms=inspection.engine_ms,
            decide_ms=inspection.decide_ms,
            total_ms=_milliseconds(end_ns - work.frame.captured_ns),
        )
        return Judged(work.trigger, self._verdict(work, inspection, timings), work.frame.wall_ns)

    def _verdict(self, work: Work, inspection: Inspection, timings: Timings) -> Verdict:
        frame, facts, decided = work.frame, self._facts, inspection.decided
        camera = work.trigger.camera
        topic = topic_for("verdict", facts.line, camera)
        number = self._numbers.next(topic)
        captured = time_text(frame.wall_ns)
        return Verdict(
            schema=SCHEMA_VERSION,
            id=f"{self._numbers.epoch}-{camera}-{number}",
            topic=topic,
            epoch=self._numbers.epoch,
            number=number,
            line=facts.line,
            camera=camera,
            captured=captured,
            published=captured,  # the writer knows better and says so
            frame_seq=frame.seq,
            status=decided.status,
            reason=decided.reason,
            class_name=decided.class_name,
            probability=_share(decided.probability),
            defect_score=_share(decided.defect_score),
            frame_width=frame.width,
            frame_height=frame.height,
            region=inspection.region,
            boxes=tuple(_tidy(box) for box in inspection.boxes),
            timings=timings,
            bundle=facts.bundle,
            engine=facts.engine,
        )


def _tidy(box: Box) -> Box:
    return msgspec.structs.replace(box, score=_share(box.score))


def _share(value: float) -> float:
    """Sums and softmaxes of float32 may pass 1 by a rounding error, which the schema does not allow."""
    return min(1.0, max(0.0, value))


def _milliseconds(ns: int) -> float:
    """A frame may be stamped by another clock, so never below zero."""
    return max(0, ns) / 1e6
