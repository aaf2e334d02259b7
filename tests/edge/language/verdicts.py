"""Verdicts to write about: any that the feed allows, and plain ones."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from edge.bundle.manifest import ClassSpec
from edge.facts import Titles
from edge.geometry import Box, Region, in_millimetres
from edge.messages import Timings, Verdict
from edge.verdict import Disposition, Reason, Status

CLASSES = (
    ClassSpec("good", "good", {"en": "Good", "zh-TW": "良品"}),
    ClassSpec("scratch", "defect", {"en": "Scratch", "zh-TW": "刮傷"}),
    ClassSpec("missing_hole", "defect", {"en": "Missing hole", "zh-TW": "缺孔"}),
    ClassSpec("rolled-in_scale", "defect"),
)
TITLES = Titles(CLASSES)
WHOLE = Region(0, 0, 200, 100)


def verdict(
    status: Status = "NG",
    class_name: str | None = "scratch",
    boxes: tuple[Box, ...] = (Box(5, 5, 10, 40, 0.9),),
    probability: float = 0.95,
    reason: Reason | None = None,
    disposition: Disposition = "reject",
    region: Region = WHOLE,
) -> Verdict:
    """A verdict about one part."""
    return Verdict(
        schema=1, id="e-belt-1", topic="verdict/steel/belt", epoch="e", number=1, line="steel", camera="belt",
        captured="2026-01-31T08:00:00.123Z", published="2026-01-31T08:00:00.123Z", frame_seq=1, status=status,
        reason=reason, class_name=class_name, probability=probability, defect_score=probability, frame_width=200,
        frame_height=100, region=region, boxes=boxes, timings=Timings(0, 0, 0, 0, 0), bundle="0", engine="none",
        disposition=disposition,
    )  # fmt: skip


@st.composite
def verdicts(draw: st.DrawFn) -> Verdict:
    """Any verdict of a bundle with CLASSES."""
    region = Region(draw(st.integers(0, 500)), draw(st.integers(0, 500)), *(draw(_SIDE), draw(_SIDE)))
    boxes = tuple(draw(st.lists(_box(region), max_size=5)))
    if draw(st.booleans()):
        scale = draw(st.floats(0.01, 1000))
        boxes = tuple(Box(b.x, b.y, b.w, b.h, b.score, in_millimetres(b, scale)) for b in boxes)
    status = draw(st.sampled_from(get_args(Status)))
    return verdict(
        status=status,
        class_name=draw(st.sampled_from([None, "unknown defect", *(c.name for c in CLASSES)])),
        boxes=boxes,
        probability=draw(st.floats(0, 1)),
        reason=draw(st.sampled_from(get_args(Reason))) if status == "UNDECIDED" else None,
        disposition=draw(st.sampled_from(get_args(Disposition))),
        region=region,
    )


_SIDE = st.integers(1, 4000)


@st.composite
def _box(draw: st.DrawFn, region: Region) -> Box:
    w, h = draw(st.integers(1, region.w)), draw(st.integers(1, region.h))
    x, y = draw(st.integers(0, region.w - w)), draw(st.integers(0, region.h - h))
    return Box(region.x + x, region.y + y, w, h, draw(st.floats(0, 1)))
