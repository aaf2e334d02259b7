"""What the history says about the last hour: read every few seconds, once for all browsers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

import msgspec

from edge.messages import PartReport
from edge.store.history import Bucket, Counts, History, StoredVerdict

MINUTE = timedelta(minutes=1)
MINUTES_SHOWN = 60
MINUTES_NOW = 5
REJECTS_SHOWN = 12
# Verdicts are committed within a second of their capture; minutes older than this no longer change.
UNSETTLED = 2 * MINUTE

NOTHING = Counts(0, 0, 0, {})


@dataclass(frozen=True, slots=True)
class Past:
    """The last hour. `minutes` has one bucket for each of the last 60 minutes, oldest first, the running one last.

    rejects: the newest NG and UNDECIDED parts, newest first. reports: theirs, by the id of the verdict. error: why the
    history could not be read this time; the rest is then what was read before.
    """

    minutes: tuple[Bucket, ...] = ()
    hour: Counts = NOTHING
    now: Counts = NOTHING
    rejects: tuple[StoredVerdict, ...] = ()
    reports: Mapping[str, PartReport] = field(default_factory=dict)
    error: str | None = None


@dataclass(slots=True)
class PastReader:
    """Asks the history again and again, and only for the minutes that may have changed."""

    history: History
    past: Past = Past()
    _settled: dict[datetime, Counts] = field(default_factory=dict)

    def refresh(self, now: datetime) -> Past:
        """Read what is new at `now` (aware). Keeps the old answer, with the reason, where the history fails."""
        try:
            minutes = self._minutes(now.replace(second=0, microsecond=0))
            rejects = _rejects(self.history)
            reports = self.history.reports([stored.verdict.id for stored in rejects])
        except (sqlite3.Error, OSError, msgspec.DecodeError) as error:
            self.past = replace(self.past, error=str(error))
            return self.past
        hour = added(bucket.counts for bucket in minutes)
        now_counts = added(bucket.counts for bucket in minutes[-MINUTES_NOW:])
        self.past = Past(minutes, hour, now_counts, rejects, reports)
        return self.past

    def _minutes(self, running: datetime) -> tuple[Bucket, ...]:
        oldest = running - (MINUTES_SHOWN - 1) * MINUTE
        known_to = max(self._settled, default=oldest - MINUTE)
        since = max(oldest, known_to - UNSETTLED)
        read = {bucket.start: bucket.counts for bucket in self.history.counts(since, 60)}
        shown = [oldest + n * MINUTE for n in range(MINUTES_SHOWN)]
        self._settled = {
            start: read.get(start, NOTHING) if start >= since else self._settled.get(start, NOTHING) for start in shown
        }
        return tuple(Bucket(start, counts) for start, counts in self._settled.items())


def added(parts: Iterable[Counts]) -> Counts:
    """The sum of counts."""
    total = NOTHING
    for part in parts:
        names = [*total.by_class, *(name for name in part.by_class if name not in total.by_class)]
        by_class = {name: total.by_class.get(name, 0) + part.by_class.get(name, 0) for name in names}
        total = Counts(total.ok + part.ok, total.ng + part.ng, total.undecided + part.undecided, by_class)
    return total


def yield_of(counts: Counts) -> float | None:
    """OK parts per part, 0..1; a part that was not decided is not OK. None where there were no parts."""
    return counts.ok / counts.total if counts.total else None


def classless(counts: Counts) -> int:
    """Rejects for which no class is known."""
    return counts.ng + counts.undecided - sum(counts.by_class.values())


def _rejects(history: History) -> tuple[StoredVerdict, ...]:
    found = [*history.recent(REJECTS_SHOWN, status="NG"), *history.recent(REJECTS_SHOWN, status="UNDECIDED")]
    return tuple(sorted(found, key=lambda stored: stored.row_id, reverse=True)[:REJECTS_SHOWN])


def utc_now() -> datetime:
    return datetime.now(timezone.utc)
