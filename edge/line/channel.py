"""A bounded queue with lanes, between the threads of the line. It says how full it was.

Each lane has its capacity and its answer to being full: `wait` holds the putter back, `drop_oldest` makes
room by handing the oldest item of the lane back to the putter, who accounts for it. Taking goes round the lanes
that have something, so a fast camera cannot starve a slow one; within a lane the order is kept.

Closing is for the putters: what is already inside can still be taken, and then `take` says that it is over.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)

Overflow = Literal["wait", "drop_oldest"]


class ChannelClosedError(Exception):
    """Nothing can be put any more; for a taker: and nothing is left."""


@dataclass(frozen=True, slots=True)
class Lane:
    """How much a lane holds, and what happens beyond that."""

    capacity: int
    overflow: Overflow


@dataclass(frozen=True, slots=True)
class LaneStatistics:
    """depth: items inside now; peak: the most there ever were; dropped: handed back to make room."""

    depth: int
    peak: int
    put: int
    dropped: int


class Channel(Generic[Key, Item]):
    """See the module. Safe from any thread."""

    def __init__(self, lanes: Mapping[Key, Lane]) -> None:
        self._changed = threading.Condition()
        self._lanes: dict[Key, _Running[Item]] = {key: _Running(lane) for key, lane in lanes.items()}
        self._turn = deque(self._lanes)
        self._closed = False

    def put(self, key: Key, item: Item) -> Item | None:
        """Add an item; the older item that had to leave for it, if any.

        Waits for room in a `wait` lane, never in a `drop_oldest` lane. Raises ChannelClosedError.
        """
        with self._changed:
            lane = self._lanes[key]
            if lane.limits.overflow == "wait":
                self._changed.wait_for(lambda: self._closed or lane.has_room())
            if self._closed:
                raise ChannelClosedError
            displaced = None if lane.has_room() else lane.displace()
            lane.add(item)
            self._changed.notify_all()
            return displaced

    def take(self, timeout_s: float | None) -> Item | None:
        """The next item, lanes in turn; None when none came in time. Raises ChannelClosed when it is over."""
        with self._changed:
            self._wait_for_items(timeout_s)
            return self._next() if self._has_items() else None

    def take_some(self, most: int, wait_s: float) -> list[Item]:
        """One to `most` items, lanes in turn: waits for the first, then at most `wait_s` for others.

        Raises ChannelClosed when it is over.
        """
        with self._changed:
            self._wait_for_items(None)
            if most > 1 and wait_s > 0:
                self._changed.wait_for(lambda: self._closed or self._count() >= most, wait_s)
            return [self._next() for _ in range(min(most, self._count()))]

    def take_all(self, timeout_s: float | None) -> Mapping[Key, list[Item]]:
        """Everything inside at one moment; all lanes empty when nothing came in time.

        Raises ChannelClosed when it is over.
        """
        with self._changed:
            self._wait_for_items(timeout_s)
            taken = {key: lane.empty() for key, lane in self._lanes.items()}
            self._changed.notify_all()
            return taken

    def close(self) -> None:
        """Let nothing more in. Putters that wait get ChannelClosedError. Safe to call twice."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def statistics(self) -> Mapping[Key, LaneStatistics]:
        with self._changed:
            return {key: lane.statistics() for key, lane in self._lanes.items()}

    def _wait_for_items(self, timeout_s: float | None) -> None:
        self._changed.wait_for(lambda: self._closed or self._has_items(), timeout_s)
        if self._closed and not self._has_items():
            raise ChannelClosedError

    def _next(self) -> Item:
        """Of the first lane that has something; it then comes last."""
        key = next(key for key in self._turn if self._lanes[key].items)
        self._turn.rotate(-1 - self._turn.index(key))
        lane = self._lanes[key]
        item = lane.items.popleft()
        if lane.wants_more():
            self._changed.notify_all()
        return item

    def _count(self) -> int:
        return sum(len(lane.items) for lane in self._lanes.values())

    def _has_items(self) -> bool:
        return any(lane.items for lane in self._lanes.values())


@dataclass(slots=True)
class _Running(Generic[Item]):
    """A lane at work."""

    limits: Lane
    items: deque[Item] = field(default_factory=deque)
    peak: int = 0
    put: int = 0
    dropped: int = 0

    def has_room(self) -> bool:
        return len(self.items) < self.limits.capacity

    def wants_more(self) -> bool:
        """Whether to wake those who wait for room: at half full, not at every free place, for a wake-up costs both."""
        return self.limits.overflow == "wait" and len(self.items) <= self.limits.capacity // 2

    def displace(self) -> Item:
        self.dropped += 1
        return self.items.popleft()

    def add(self, item: Item) -> None:
        self.items.append(item)
        self.put += 1
        self.peak = max(self.peak, len(self.items))

    def empty(self) -> list[Item]:
        items = list(self.items)
        self.items.clear()
        return items

    def statistics(self) -> LaneStatistics:
        return LaneStatistics(len(self.items), self.peak, self.put, self.dropped)
