"""Frames become triggers: every frame is one, or every part that is found in them. Runs in a capture thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from camera.frame import Frame
from edge.channel import Channel, ChannelClosedError
from edge.judge import Work
from edge.ledger import Ledger
from edge.messages import Region
from edge.parts import PartFinder, Sighting

# Frames whose times are remembered: a part is judged by an earlier frame than the last.
_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Spot:
    """What to judge: a region of a frame, None for all of it."""

    frame: Frame
    region: Region | None


class EveryFrame:
    """Each frame is one trigger."""

    def __init__(self, region: Region | None) -> None:
        self._region = region

    def find(self, frame: Frame) -> list[Spot]:
        return [Spot(frame, self._region)]

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

    def find(self, frame: Frame) -> list[Spot]:
        self._source = frame.source
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
        frame = Frame(sighting.image_HWC, sighting.seq, captured_ns, wall_ns, self._source)
        return Spot(frame, _widened(sighting.region, self._margin, frame))


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


class Intake:
    """Opens a trigger for each find and queues it. One camera, one thread."""

    def __init__(
        self,
        finder: EveryFrame | EveryPart,
        ledger: Ledger,
        frames: Channel[str, Work],
        watch: Callable[[Frame], None] | None = None,
    ) -> None:
        """`watch` sees every frame, triggered or not."""
        self._watch = watch
        self._finder = finder
        self._ledger = ledger
        self._frames = frames

    def take(self, frame: Frame) -> None:
        """Raises ChannelClosedError when the line has stopped."""
        if self._watch is not None:
            self._watch(frame)
        self._queue(self._finder.find(frame))

    def finish(self) -> None:
        """The source has ended or broken off. Raises ChannelClosedError when the line has stopped."""
        self._queue(self._finder.finish())

    def _queue(self, spots: Iterable[Spot]) -> None:
        for spot in spots:
            camera = spot.frame.source
            trigger = self._ledger.open(camera)
            try:
                displaced = self._frames.put(camera, Work(trigger, spot.frame, spot.region))
            except ChannelClosedError:
                self._ledger.drop(trigger, "stopped")
                raise
            if displaced is not None:
                self._ledger.drop(displaced.trigger, "overload")
