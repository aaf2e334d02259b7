"""What is planned for a camera of the line: what triggers a verdict, how long one waits, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from camera.source import Source
from edge.geometry import Region
from edge.line.channel import Lane
from edge.line.triggers import EveryFrame, EveryInterval, EveryPart, Finder, OnRequest
from edge.verdict import Disposition

# Of frames only the freshest are worth judging: one, and one that comes while it is fetched. Parts come in bursts,
# and each of them counts.
_FRAMES = Lane(2, "drop_oldest")
_PARTS = Lane(16, "drop_oldest")
_PATIENT = Lane(4, "wait")
TriggerKind = Literal["frame", "interval", "external", "part"]


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """A camera of the line.

    region: the part of the picture to judge, or where parts are looked for; None for all of it.
    trigger: what is judged (see `edge.line.triggers`); every_ms belongs to "interval", margin to "part".
    max_age_ms: older frames are skipped, None for no limit (see `edge.line.capture`).
    deadline_ms: when at the latest a trigger is answered, None for no limit. undecided: what an UNDECIDED part means.
    check_quality: whether pictures that are unfit to be judged are UNDECIDED, and parts that were never wholly in view.
    frozen_ms: and those that have been the same, pixel by pixel, for so long; None where that is no fault.
    waits: the source can be held back (a folder read as fast as it can be), so no picture need be dropped.
    """

    source: Source
    region: Region | None = None
    trigger: TriggerKind = "frame"
    waits: bool = False
    margin: float = 0.0
    every_ms: float = 0.0
    max_age_ms: float | None = None
    deadline_ms: float | None = None
    undecided: Disposition = "reject"
    check_quality: bool = True
    frozen_ms: float | None = None


def finder_of(camera: CameraPlan) -> Finder:
    """What finds the triggers in its frames."""
    match camera.trigger:
        case "frame":
            return EveryFrame(camera.region)
        case "interval":
            return EveryInterval(camera.region, camera.every_ms)
        case "external":
            return OnRequest(camera.region)
        case "part":
            return EveryPart(camera.region, camera.margin)


def lane_of(camera: CameraPlan) -> Lane:
    """How its pictures queue for the inspection."""
    if camera.waits:
        return _PATIENT
    return _PARTS if camera.trigger in ("part", "external") else _FRAMES
