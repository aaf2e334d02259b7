"""What of a camera's frames is judged: all of them, one every so often, those asked for, or each part that passes.

A finder is fed every frame of one camera, in its capture thread. `edge.line.intake` opens a trigger for each spot.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from camera.frame import Frame
from edge.geometry import Region
from edge.parts.finder import PartFinder, Sighting
from edge.verdict import Reason

# Requests that wait for a frame; a camera that is down must not fill the memory.
_MOST_WAITING = 1000

# Frames whose times are remembered: a part is judged by an earlier frame than the last.
_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Spot:
    """What to judge: a region of a frame, None for all of it. unfit: why it cannot be, where that is known."""

    frame: Frame
    region: Region | None
    unfit: Reason | None = None


class Finder(Protocol):
    """Which spots of the frames are triggers."""

    def find(self, frame: Frame) -> list[Spot]:
        """The spots that are due with this frame."""

    def finish(self) -> list[Spot]:
        """Those still due when the frames have ended or broken off."""


class EveryFrame:
    """Each frame is one trigger."""

    def __init__(self, region: Region | None) -> None:
        self._region = region

    def find(self, frame: Frame) -> list[Spot]:
        return [Spot(frame, self._region)]

    def finish(self) -> list[Spot]:
        return []


class EveryInterval:
    """A frame every so many milliseconds by the time of capture; which one is the first that is due.

    A camera that pauses shifts the schedule: no burst follows.
    """

    def __init__(self, region: Region | None, every_ms: float) -> None:
        self._region = region
        self._period_ns = round(every_ms * 1e6)
        self._due_ns: int | None = None

    def find(self, frame: Frame) -> list[Spot]:
        due_ns = frame.captured_ns if self._due_ns is None else self._due_ns
        if frame.captured_ns < due_ns:
            return []
        on_time = frame.captured_ns < due_ns + self._period_ns
        self._due_ns = (due_ns if on_time else frame.captured_ns) + self._period_ns
        return [Spot(frame, self._region)]

    def finish(self) -> list[Spot]:
        self._due_ns = None
        return []


class RequestError(Exception):
    """A request cannot be taken; one sentence for whoever asked."""


class OnRequest:
    """Each request is one trigger, answered with the first frame that was captured after it.

    Requests outlive a camera that breaks off: they wait for its next frame.
    """

    def __init__(self, region: Region | None) -> None:
        self._region = region
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, str]] = deque()

    def request(self, identity: str, now_ns: int) -> None:
        """Ask for a frame, from any thread. identity: becomes `Frame.trigger`. now_ns: `time.monotonic_ns()`.

        Raises RequestError.
        """
        with self._lock:
            if len(self._waiting) >= _MOST_WAITING:
                raise RequestError(f"{_MOST_WAITING} requests wait for a frame already; is the camera down?")
            self._waiting.append((now_ns, identity))

    @property
    def waiting(self) -> int:
        """How many requests have had no frame yet."""
        with self._lock:
            return len(self._waiting)

    def find(self, frame: Frame) -> list[Spot]:
        with self._lock:
            answered = [identity for at_ns, identity in self._waiting if at_ns <= frame.captured_ns]
            self._waiting = deque(w for w in self._waiting if w[0] > frame.captured_ns)
        return [Spot(replace(frame, trigger=identity), self._region) for identity in answered]

    def finish(self) -> list[Spot]:
        return []


class EveryPart:
    """Each part that passes is one trigger; with a region only those whose middle lies in it.

    margin: belt judged with the part on every side, as a share of the part's width and height, as far as the
    frame goes; below zero, how much of the part is left out on every side.
    """

    def __init__(self, region: Region | None, margin: float = 0.0) -> None:
        self._region = region
        self._margin = margin
        self._finder = PartFinder()
        # Without their pictures: the finder keeps the one it reports.
        self._taken: deque[tuple[int, int, int]] = deque(maxlen=_REMEMBERED)
        self._source = ""
        self._px_per_mm: float | None = None

    def find(self, frame: Frame) -> list[Spot]:
        self._source, self._px_per_mm = frame.source, frame.px_per_mm
        self._taken.append((frame.seq, frame.captured_ns, frame.wall_ns))
        return self._spots(self._finder.feed(frame.image_HWC, frame.seq))

    def finish(self) -> list[Spot]:
        """The parts still in view when the frames stop."""
        return self._spots(self._finder.flush())

    def _spots(self, sightings: Iterable[Sighting]) -> list[Spot]:
        return [self._spot(s) for s in sightings if self._region is None or _is_within(s.region, self._region)]

    def _spot(self, sighting: Sighting) -> Spot:
        # Newest first: after a reopening old numbers come again. A part that stood still for long is as old as
        # memory goes.
        found = ((c, w) for seq, c, w in reversed(self._taken) if seq == sighting.seq)
        captured_ns, wall_ns = next(found, self._taken[0][1:])
        frame = Frame(sighting.image_HWC, sighting.seq, captured_ns, wall_ns, self._source, px_per_mm=self._px_per_mm)
        unfit: Reason | None = "cut_off" if sighting.cut else None
        return Spot(frame, _widened(sighting.region, self._margin, frame), unfit)


def _is_within(inner: Region, outer: Region) -> bool:
    """Whether the middle of one lies in the other."""
    x, y = inner.x + inner.w / 2, inner.y + inner.h / 2
    return outer.x <= x < outer.x + outer.w and outer.y <= y < outer.y + outer.h


def _widened(part: Region, margin: float, frame: Frame) -> Region:
    """The part with `margin` of its width left and right, of its height above and below, inside the frame."""
    aside, above = round(part.w * margin), round(part.h * margin)
    left, top = max(0, part.x - aside), max(0, part.y - above)
    right, bottom = min(frame.width, part.x + part.w + aside), min(frame.height, part.y + part.h + above)
    return Region(left, top, right - left, bottom - top)
