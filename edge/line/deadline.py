"""A timer for many due times in one thread: it says what has come due, whatever the other threads are busy with."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable

from edge.line.ledger import Trigger


class Deadlines:
    """Calls `miss` for each trigger at its due time, if `is_open` still says so. Safe from any thread."""

    def __init__(self, miss: Callable[[Trigger], None], is_open: Callable[[Trigger], bool]) -> None:
        """`miss` runs in the thread of `run`; what it raises ends that."""
        self._miss = miss
        self._is_open = is_open
        self._changed = threading.Condition()
        self._due: list[tuple[int, int, Trigger]] = []
        self._order = itertools.count()
        self._closed = False

    def watch(self, trigger: Trigger, due_ns: int) -> None:
        """due_ns: a `time.monotonic_ns()`; one in the past is due at once."""
        with self._changed:
            heapq.heappush(self._due, (due_ns, next(self._order), trigger))
            if self._due[0][2] is trigger:
                self._changed.notify()

    def run(self) -> None:
        """Until `close`."""
        while (trigger := self._next_missed()) is not None:
            self._miss(trigger)

    def close(self) -> None:
        """End `run`; what is not due yet is nobody's business any more. Safe to call twice."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _next_missed(self) -> Trigger | None:
        """The next one that is due and open; None when closed."""
        with self._changed:
            while not self._closed:
                # Most are answered long before; to sleep until the first open one saves a wake-up for each of those.
                while self._due and not self._is_open(self._due[0][2]):
                    heapq.heappop(self._due)
                left_ns = self._due[0][0] - time.monotonic_ns() if self._due else None
                if left_ns is not None and left_ns <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(None if left_ns is None else left_ns / 1e9)
            return None
