"""What goes over the feed. JSON objects with a published JSON Schema (docs/feed/), written by msgspec.

Every message is two or three ZeroMQ frames: topic (UTF-8), JSON, and for `picture` a JPEG. A topic is
`KIND/LINE/CAMERA` (`line/LINE` for the line itself), so a subscriber filters by prefix. `number` counts the
messages of one topic from 0 within one `epoch`; an epoch is one start of the service. A gap in the numbers is
a loss, a new epoch is a restart.

Times are RFC 3339 in UTC with milliseconds; `_ms` fields are milliseconds; boxes are pixels of the camera's
frame.

`python -m edge.messages > docs/feed/feed.schema.json` writes the schema.
"""

from __future__ import annotations

import inspect
import sys
from datetime import datetime, timezone
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from edge.facts import Facts
from edge.geometry import Box, Region
from edge.quantities import Amount, Count, Pixels, Share
from edge.verdict import Disposition, Reason, Status

SCHEMA_VERSION = 1

CameraState = Literal["opening", "up", "down", "ended"]
# full: the disk has no room. failing: it refuses for another reason. Both may pass by themselves.
StoreState = Literal["ok", "full", "failing"]
# overload: a fresher picture of the same camera took its place. stopped: the line ended before its turn.
DropReason = Literal["overload", "stopped"]
# queued: it waits to be written. ready: here it is. expired: it was not written in time. shed: too many waited.
ReportState = Literal["queued", "ready", "expired", "shed"]
# What a part really was, where its verdict was wrong. unknown: nobody says what else.
Truth = Literal["good", "defect", "unknown"]
LONGEST_NOTE = 500
LONGEST_NAME = 60

Time = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]


class Timings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the time went. `wait` is from capture to the start of the work, `total` to the verdict."""

    wait_ms: Amount
    preprocess_ms: Amount
    engine_ms: Amount
    decide_ms: Amount
    total_ms: Amount


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="verdict"):
    """One part's verdict. `id` is unique over all lines and restarts: it is EPOCH-CAMERA-NUMBER.

    `published` is when it went to the disk; the feed carries it as soon as it is safely there. `disposition` is what
    is to become of the part; where it is missing, reject. `trigger` is the identity of the request for this verdict,
    where there was one. `product`: as what it was judged (`[[product]]` in the line file), "main" by the line's own
    bundle. `stored` is false where the disk refused it: it waits in memory then, and is stored when there is room.
    """

    schema: int
    id: str
    topic: str
    epoch: str
    number: Count
    line: str
    camera: str
    captured: Time
    published: Time
    frame_seq: Count
    status: Status
    reason: Reason | None
    class_name: str | None
    probability: Share
    defect_score: Share
    frame_width: Pixels
    frame_height: Pixels
    region: Region
    boxes: tuple[Box, ...]
    timings: Timings
    bundle: str
    engine: str
    disposition: Disposition = "reject"
    stored: bool = True
    trigger: Annotated[str, Meta(max_length=200)] | None = None
    product: str = "main"


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="note"):
    """What the model said of a part after its deadline. `verdict` is the id of the verdict, which stands as it is."""

    schema: int
    topic: str
    epoch: str
    number: Count
    line: str
    camera: str
    verdict: str
    time: Time
    status: Status
    reason: Reason | None
    class_name: str | None
    probability: Share
    defect_score: Share
    region: Region
    boxes: tuple[Box, ...]
    timings: Timings
    bundle: str
    engine: str


class Attention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a model looked: a grid over `region`, row by row, in percent of the place that it looked at most."""

    region: Region
    rows: tuple[tuple[Annotated[int, Meta(ge=0, le=100)], ...], ...]


class Phrase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A piece of a report, and where on the picture to look for what it says.

    It is `text[start:end]` of the report's language, or `words[start:end]`, in characters (Unicode code points).
    Of `text`, `regions` are the places that the verdict marked, or all that was inspected; in pixels of the camera's
    frame. Of `words`, `attention` is where the model looked while it wrote this.
    """

    of: Literal["text", "words"]
    start: Count
    end: Count
    regions: tuple[Region, ...] = ()
    attention: Attention | None = None


class PartReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="report"):
    """A part in words. `verdict` and `verdict_number` name its verdict, which stands as it is whatever is said here.

    state: `queued`, and later once more under the same verdict `ready` or `expired`; `shed` comes alone. Only a ready
    report has more: `facts`, what the verdict says, rounded as it is said; `text` per language (`zh-TW`, `en`),
    sentences that say these facts and nothing else; `words` per language, what a model adds by looking at the part,
    which is the model's and may be wrong; `dropped`, how many of its sentences were left out because they contradicted
    the verdict; `took_ms`, how long writing took; `phrases` per language, in order, where on the picture to look for
    what a piece of it says. Reports of earlier versions have no `phrases`.
    """

    schema: int
    topic: str
    epoch: str
    number: Count
    line: str
    camera: str
    verdict: str
    verdict_number: Count
    time: Time
    state: ReportState
    facts: Facts | None = None
    text: dict[str, str] = {}
    words: dict[str, str] = {}
    dropped: Count = 0
    took_ms: Amount = 0.0
    phrases: dict[str, tuple[Phrase, ...]] = {}


class VerdictMark(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="mark"):
    """A person says that a verdict was wrong. `verdict` is its id; `status` and `judged` what it says, unchanged.

    truth: what the part really was; null withdraws the marks before. class_name: of a defect, the class; null where it
    is none that the line knows. note, by: what the person wrote, and who it was, where they said so; plain text. Of
    several marks of a verdict the newest counts.
    """

    schema: int
    topic: str
    epoch: str
    number: Count
    line: str
    camera: str
    verdict: str
    status: Status
    judged: str | None
    time: Time
    truth: Truth | None
    class_name: str | None = None
    note: Annotated[str, Meta(max_length=LONGEST_NOTE)] = ""
    by: Annotated[str, Meta(max_length=LONGEST_NAME)] = ""


class Picture(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="picture"):
    """Header of a JPEG in the third frame.

    `scale` is JPEG pixels per frame pixel; `verdict` is the id of its verdict, where there is one.
    """

    schema: int
    topic: str
    epoch: str
    number: Count
    line: str
    camera: str
    captured: Time
    verdict: str | None
    width: Pixels
    height: Pixels
    scale: Amount


class CameraReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="camera"):
    """A camera's state, sent when it changes and once a second with the heartbeat.

    triggers = verdicts + dropped + in_flight, at any moment; a verdict counts once it is published. `dropped_by` says
    why triggers were dropped: `overload`, a fresher picture took their place; `stopped`, the line ended before their
    turn. `detail` is one sentence for a person. `product`: as what its next part is judged.
    """

    schema: int
    topic: str
    epoch: str
    number: Count
    line: str
    camera: str
    time: Time
    state: CameraState
    detail: str
    fps: Amount
    triggers: Count
    verdicts: Count
    dropped: Count
    in_flight: Count
    ok: Count
    ng: Count
    undecided: Count
    product: str = "main"
    dropped_by: dict[DropReason, Count] = {}


class LineReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="line"):
    """The line's heartbeat, once a second: silence means dead, not good. Memory in MB, of the service alone.

    has_good_class: False where the bundle only tells defects apart, so that a yield would mean nothing.
    last: per topic that is stored, the newest number that was published in this epoch, so that a loss shows also at the
    end of a burst. requests: the address of the request socket, empty where there is none; see docs/feed/README.md.
    store: whether verdicts reach the disk, with one sentence in `store_detail` where they do not; unstored: how many
    wait in memory for it; never_stored: how many were given up since the start, because too many waited.
    titles: per class name, what to show per language (`zh-TW`, `en`), as in the bundle; may lack any of them.
    defects: names of the defect classes, those that a mark may name.
    """

    schema: int
    topic: str
    epoch: str
    number: Count
    line: str
    time: Time
    started: Time
    bundle: str
    bundle_name: str
    engine: str
    engine_why: str
    cameras: tuple[str, ...]
    verdicts_per_s: Amount
    p50_ms: Amount
    p99_ms: Amount
    memory_mb: Amount
    has_good_class: bool = True
    titles: dict[str, dict[str, str]] = {}
    last: dict[str, Count] = {}
    requests: str = ""
    store: StoreState = "ok"
    store_detail: str = ""
    unstored: Count = 0
    never_stored: Count = 0
    defects: tuple[str, ...] = ()


Message = Verdict | Note | PartReport | VerdictMark | Picture | CameraReport | LineReport


def topic_for(kind: str, line: str, camera: str | None = None) -> str:
    """`verdict/steel/belt`, or `line/steel` without a camera."""
    return "/".join(part for part in (kind, line, camera) if part is not None)


def time_text(wall_ns: int) -> str:
    """`time.time_ns()` as the feed writes times: 2026-01-31T08:00:00.123Z."""
    moment = datetime.fromtimestamp(wall_ns // 1_000_000 / 1000, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def encode(message: Message) -> bytes:
    """The JSON of a message, UTF-8."""
    return _ENCODER.encode(message)


def decode(raw: bytes) -> Message:
    """The message in some JSON. Raises msgspec.DecodeError, or RecursionError, where it is none of ours."""
    message: Message = _DECODER.decode(raw)
    return message


def feed_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of every message, generated from the structs above."""
    schema = msgspec.json.schema(Message)
    for definition in schema["$defs"].values():
        definition["description"] = inspect.cleandoc(definition["description"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"edgevl feed, version {SCHEMA_VERSION}",
        **schema,
    }


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Message)

if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(feed_schema()), indent=2) + b"\n")
