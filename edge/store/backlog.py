"""Verdicts into the store, also while the disk refuses: then they wait in memory, in order, and go in when it can.

A verdict that is published meanwhile says `stored: false`: should the service be killed before the disk has room, it
is lost to the history. Nothing that is stored already is touched.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from edge.messages import Note, PartReport, StoreState, VerdictMark, encode
from edge.store.database import StoreRefusedError
from edge.store.kept_pictures import KeptPicture
from edge.store.rows import NewVerdict, Row, row_of
from edge.store.store import Store, StoreUsage

# About 1.5 kB each and up to 2.5 kB of embedding: eleven minutes at 30 parts a second in 80 MB.
CAPACITY = 20_000
_RETRY_S = 1.0
_CHUNK = 500
_NOTES = 1_000
_REPORTS = 1_000

Said = TypeVar("Said", Note, PartReport)


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """How the store is, in one sentence for a person, and how many verdicts it owes.

    waiting: published but not stored yet. never_stored: published, and given up because too many waited.
    """

    state: StoreState = "ok"
    detail: str = ""
    waiting: int = 0
    never_stored: int = 0
    usage: StoreUsage | None = None


class Backlog:
    """The store as the writer sees it: always takes verdicts. One thread; `health` is replaced, never changed."""

    def __init__(self, store: Store, say: Callable[[str], None], capacity: int = CAPACITY) -> None:
        self._store = store
        self._say = say
        self._capacity = capacity
        self._waiting: deque[Row] = deque()
        self._notes: deque[Note] = deque(maxlen=_NOTES)
        self._reports: deque[PartReport] = deque(maxlen=_REPORTS)
        self._never_stored = 0
        self._refused: StoreRefusedError | None = None
        self._retry_at = 0.0
        self.health = StoreHealth()

    def append(self, verdicts: Sequence[NewVerdict]) -> list[bytes]:
        """Store verdicts, or hold them; the JSON of each to be published. Raises StoreError where the file is bad."""
        self.retry()
        if self._refused is None:
            try:
                return self._store.append(verdicts)
            except StoreRefusedError as refused:
                self._begin_to_wait(refused)
        rows = [row_of(_unstored(new)) for new in verdicts]
        self._hold(rows)
        return [row[-1] for row in rows]

    def append_notes(self, notes: Sequence[Note]) -> list[bytes]:
        """The same for late answers, of which only the newest _NOTES wait."""
        return self._append_or_hold(notes, self._store.append_notes, self._notes)

    def append_reports(self, reports: Sequence[PartReport]) -> list[bytes]:
        """The same for reports, of which only the newest _REPORTS wait."""
        return self._append_or_hold(reports, self._store.append_reports, self._reports)

    def append_marks(self, marks: Sequence[VerdictMark]) -> list[bytes]:
        """Store what people say, or raise StoreRefusedError: whoever says it can be told to say it again later."""
        if self._refused is not None:
            raise StoreRefusedError(str(self._refused), self._refused.is_full)
        try:
            return self._store.append_marks(marks)
        except StoreRefusedError as refused:
            self._begin_to_wait(refused)
            raise

    def keep(self, pictures: Sequence[KeptPicture]) -> None:
        """Note pictures; while the disk refuses they are deleted, for room and because no row could name them."""
        try:
            self._store.keep(pictures)
        except StoreRefusedError as refused:
            if self._refused is None:
                self._begin_to_wait(refused)

    def retry(self) -> None:
        """Once a second, try to store what waits, oldest first."""
        if self._refused is None or time.monotonic() < self._retry_at:
            return
        try:
            self._store_waiting()
        except StoreRefusedError as refused:
            self._refused = refused
            self._retry_at = time.monotonic() + _RETRY_S
        else:
            self._say(f"the disk takes verdicts again; {self._never_stored} could not be kept so far")
            self._refused = None

    def take_stock(self) -> StoreHealth:
        """Measure anew, about once a second; the result stays in `health`, for any thread."""
        state: StoreState = "ok"
        if self._refused is not None:
            state = "full" if self._refused.is_full else "failing"
        detail = str(self._refused or "")
        usage = self._store.usage()
        self.health = StoreHealth(state, detail, len(self._waiting), self._never_stored, usage)
        return self.health

    def finish(self) -> None:
        """The line ends: one last try, and a sentence where verdicts are lost."""
        self._retry_at = 0.0
        self.retry()
        if self._waiting:
            self._say(f"{len(self._waiting)} verdicts were published but are not in the history: {self._refused}")

    def _store_waiting(self) -> None:
        while self._waiting:
            chunk = [self._waiting[n] for n in range(min(_CHUNK, len(self._waiting)))]
            self._store.append_rows(chunk)
            for _ in chunk:
                self._waiting.popleft()
        if self._notes:
            self._store.append_notes(list(self._notes))
            self._notes.clear()
        if self._reports:
            self._store.append_reports(list(self._reports))
            self._reports.clear()

    def _append_or_hold(
        self, messages: Sequence[Said], append: Callable[[Sequence[Said]], list[bytes]], waiting: deque[Said]
    ) -> list[bytes]:
        if self._refused is None:
            try:
                return append(messages)
            except StoreRefusedError as refused:
                self._begin_to_wait(refused)
        waiting.extend(messages)
        return [encode(message) for message in messages]

    def _begin_to_wait(self, refused: StoreRefusedError) -> None:
        self._refused = refused
        self._retry_at = time.monotonic() + _RETRY_S
        self._say(f"{refused}; verdicts go on and wait in memory, pictures are not kept")

    def _hold(self, rows: Sequence[Row]) -> None:
        self._waiting.extend(rows)
        while len(self._waiting) > self._capacity:
            self._waiting.popleft()
            self._never_stored += 1


def _unstored(new: NewVerdict) -> NewVerdict:
    return replace(new, verdict=msgspec.structs.replace(new.verdict, stored=False))
