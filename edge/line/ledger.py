"""The account of the line: every trigger ends as exactly one verdict or as one accounted drop.

    triggers = verdicts + dropped + in_flight        per camera, at any moment

A trigger is one frame, or one part found in the frames, as the line file says. It is open from the moment the
camera gave it until its verdict is durable and published.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from edge.messages import DropReason
from edge.verdict import Status


class LedgerError(Exception):
    """A trigger was to be closed twice: a mistake in the program, never in its input."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One thing to be judged; `number` counts a camera's triggers from 0."""

    camera: str
    number: int


@dataclass(frozen=True, slots=True)
class Account:
    """One camera's figures at one moment."""

    triggers: int
    ok: int
    ng: int
    undecided: int
    dropped_by: Mapping[DropReason, int]
    in_flight: int

    @property
    def verdicts(self) -> int:
        return self.ok + self.ng + self.undecided

    @property
    def dropped(self) -> int:
        return sum(self.dropped_by.values())

    @property
    def unaccounted(self) -> int:
        """Zero, or the ledger's promise is broken."""
        return self.triggers - self.verdicts - self.dropped - self.in_flight


class Ledger:
    """Opens and closes triggers. Safe from any thread."""

    def __init__(self, cameras: Iterable[str]) -> None:
        self._lock = threading.Lock()
        self._pages = {camera: _Page() for camera in cameras}

    def open(self, camera: str) -> Trigger:
        """A new trigger of a camera."""
        with self._lock:
            page = self._pages[camera]
            trigger = Trigger(camera, page.triggers)
            page.triggers += 1
            page.in_flight[trigger.number] = time.monotonic()
        return trigger

    def judge(self, trigger: Trigger, status: Status) -> None:
        """Close a trigger with its verdict. Raises LedgerError where it is closed already."""
        with self._lock:
            page = self._close(trigger)
            page.verdicts[status] += 1

    def drop(self, trigger: Trigger, reason: DropReason) -> None:
        """Close a trigger that gets no verdict. Raises LedgerError where it is closed already."""
        with self._lock:
            page = self._close(trigger)
            page.dropped[reason] += 1

    def accounts(self) -> Mapping[str, Account]:
        """All cameras at one moment, in the order of the line file."""
        with self._lock:
            return MappingProxyType({camera: page.account() for camera, page in self._pages.items()})

    def longest_wait_s(self) -> float:
        """How long the oldest open trigger has been open; zero where none is."""
        with self._lock:
            opened = [next(iter(page.in_flight.values())) for page in self._pages.values() if page.in_flight]
        return time.monotonic() - min(opened) if opened else 0.0

    def _close(self, trigger: Trigger) -> _Page:
        page = self._pages[trigger.camera]
        if trigger.number not in page.in_flight:
            raise LedgerError(f"{trigger.camera}: trigger {trigger.number} was closed twice or never opened")
        del page.in_flight[trigger.number]
        return page


@dataclass(slots=True)
class _Page:
    """One camera's running figures. Open triggers are kept one by one, with the time: a mere counter proves nothing."""

    triggers: int = 0
    verdicts: Counter[Status] = field(default_factory=Counter)
    dropped: Counter[DropReason] = field(default_factory=Counter)
    in_flight: dict[int, float] = field(default_factory=dict)

    def account(self) -> Account:
        return Account(
            triggers=self.triggers,
            ok=self.verdicts["OK"],
            ng=self.verdicts["NG"],
            undecided=self.verdicts["UNDECIDED"],
            dropped_by=MappingProxyType(dict(self.dropped)),
            in_flight=len(self.in_flight),
        )
