"""What leaves the line: the items between the threads that make them and the one that writes and publishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.line.channel import Channel, Lane
from edge.line.ledger import Trigger
from edge.messages import Note, PartReport, Truth, Verdict, VerdictMark
from edge.store.kept_pictures import KeptPicture

# About six minutes of a dead disk at 30 parts a second; then the line itself slows down, and says so.
_VERDICTS = 10_000
_PICTURES = 100


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict on its way out. It holds no picture: ten thousand of these may wait.

    embedding_D: as the engine gave it, for searching later.
    """

    trigger: Trigger
    verdict: Verdict
    wall_ns: int
    embedding_D: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Late:
    """An answer that came after its deadline."""

    note: Note


@dataclass(frozen=True, slots=True)
class Reported:
    """How reports stand now, several at once: each batch costs a commit."""

    reports: tuple[PartReport, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """What a person says of a verdict; fields as in `VerdictMark`.

    reply: called once, with the mark when it is on disk, or with one sentence that says why it is not; never waits.
    """

    verdict: Verdict
    truth: Truth | None
    class_name: str | None
    note: str
    by: str
    reply: Callable[[VerdictMark | str], None]


@dataclass(frozen=True, slots=True)
class LivePicture:
    """A small JPEG for whoever watches. scale: JPEG pixels per frame pixel."""

    camera: str
    wall_ns: int
    verdict_id: str | None
    jpeg: bytes
    width: int
    height: int
    scale: float


@dataclass(frozen=True, slots=True)
class CameraChanged:
    """A camera's state is no longer what the last report said."""

    camera: str


Outgoing = Judged | Late | Reported | Marked | KeptPicture | LivePicture | CameraChanged
OutboxLane = Literal["verdicts", "notes", "reports", "marks", "kept", "live", "changes"]
Outbox = Channel[OutboxLane, Outgoing]


def new_outbox() -> Outbox:
    """Verdicts, late answers, reports and records of kept pictures are never dropped; else the freshest counts.

    Of marks, too, so that who marks never waits for the disk; whoever put the dropped one is told.
    """
    return Channel(
        {
            "verdicts": Lane(_VERDICTS, "wait"),
            "notes": Lane(_VERDICTS, "wait"),
            "reports": Lane(_PICTURES, "wait"),
            "marks": Lane(_PICTURES, "drop_oldest"),
            "kept": Lane(_PICTURES, "wait"),
            "live": Lane(_PICTURES, "drop_oldest"),
            "changes": Lane(_PICTURES, "drop_oldest"),
        }
    )
