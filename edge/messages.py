"""What goes over the feed. JSON objects with a published JSON Schema (docs/feed/), written by msgspec.

Every message is two or three ZeroMQ frames: topic (UTF-8), JSON, and for `picture` a JPEG. A topic is
`KIND/LINE/CAMERA` (`line/LINE` for the line itself), so a subscriber filters by prefix. `number` counts the
messages of one topic from 0 within one `epoch`; an epoch is one start of the service. A gap in the numbers is a
loss, a new epoch is a restart.

Times are RFC 3339 in UTC with milliseconds; `_ms` fields are milliseconds; boxes are pixels of the camera's frame.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from edge.verdict import Reason, Status

SCHEMA_VERSION = 1

CameraState = Literal["opening", "up", "down", "ended"]


class Box(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A defect's place: left, top, width, height in pixels of the camera's frame; score is the map's peak, 0..1."""

    x: int
    y: int
    w: int
    h: int
    score: float


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The part of the frame that was inspected, in pixels of the camera's frame."""

    x: int
    y: int
    w: int
    h: int


class Timings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the time went. `wait` is from capture to the start of the work, `total` from capture to the verdict."""

    wait_ms: float
    preprocess_ms: float
    engine_ms: float
    decide_ms: float
    total_ms: float


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="verdict"):
    """One part's verdict. `id` is unique over all lines and restarts: it is EPOCH-CAMERA-NUMBER."""

    schema: int
    id: str
    topic: str
    epoch: str
    number: int
    line: str
    camera: str
    captured: str
    published: str
    frame_seq: int
    status: Status
    reason: Reason | None
    class_name: str | None
    probability: float
    defect_score: float
    frame_width: int
    frame_height: int
    region: Region
    boxes: tuple[Box, ...]
    timings: Timings
    bundle: str
    engine: str


class Picture(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="picture"):
    """Header of a JPEG in the third frame. `scale` is JPEG pixels per frame pixel; `verdict` names its verdict."""

    schema: int
    topic: str
    epoch: str
    number: int
    line: str
    camera: str
    captured: str
    verdict: str | None
    width: int
    height: int
    scale: float


class CameraReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="camera"):
    """A camera's state, sent when it changes and once a second with the heartbeat.

    triggers = verdicts + dropped, at any moment. `detail` is one sentence for a person.
    """

    schema: int
    topic: str
    epoch: str
    number: int
    line: str
    camera: str
    time: str
    state: CameraState
    detail: str
    fps: float
    triggers: int
    verdicts: int
    dropped: int
    ok: int
    ng: int
    undecided: int


class LineReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="line"):
    """The line's heartbeat, once a second: silence means dead, not good. Memory in MB, of the service alone.

    has_good_class: False where the bundle only tells defects apart, so that a yield would mean nothing.
    titles: per class name, what to show per language (`zh-TW`, `en`), as in the bundle; may lack any of them.
    """

    schema: int
    topic: str
    epoch: str
    number: int
    line: str
    time: str
    started: str
    bundle: str
    bundle_name: str
    engine: str
    engine_why: str
    cameras: tuple[str, ...]
    verdicts_per_s: float
    p50_ms: float
    p99_ms: float
    memory_mb: float
    has_good_class: bool = True
    titles: dict[str, dict[str, str]] = {}


Message = Verdict | Picture | CameraReport | LineReport


def topic_for(kind: str, line: str, camera: str | None = None) -> str:
    """`verdict/steel/belt`, or `line/steel` without a camera."""
    return "/".join(part for part in (kind, line, camera) if part is not None)
