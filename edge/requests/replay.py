"""Read stored messages again: pages of one topic by epoch and number, and what is newest. Beside a running line.

Verdicts, notes, the reports of parts and marks are stored; the state of line and cameras and live pictures are not,
for the next one says more than a lost one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.requests.messages import Mark
from edge.store.database import DATABASE

# What one answer may hold: as much as leaves in a few milliseconds.
PAGE_MESSAGES = 500
_PAGE_BYTES = 1_000_000

# One look-up in the index for each topic, and for each epoch of a topic, however many rows there are.
# `{table}` is one of _TABLES, never what somebody sent.
_TABLES = {"verdict": "verdicts", "note": "notes", "report": "reports", "mark": "marks"}
_TOPICS = """
WITH RECURSIVE found(topic) AS (
    SELECT MIN(topic) FROM {table}
    UNION ALL
    SELECT (SELECT MIN(topic) FROM {table} WHERE topic > found.topic) FROM found WHERE found.topic IS NOT NULL
) SELECT topic FROM found WHERE topic IS NOT NULL
"""
_EPOCHS = """
WITH RECURSIVE found(epoch) AS (
    SELECT MIN(epoch) FROM {table} WHERE topic = :topic
    UNION ALL
    SELECT (SELECT MIN(epoch) FROM {table} WHERE topic = :topic AND epoch > found.epoch)
    FROM found WHERE found.epoch IS NOT NULL
) SELECT epoch,
    (SELECT row_id FROM {table} WHERE topic = :topic AND epoch = found.epoch ORDER BY number DESC LIMIT 1) AS last_row
FROM found WHERE epoch IS NOT NULL ORDER BY last_row
"""
_RANGE = """
SELECT number, payload FROM {table} WHERE topic = ? AND epoch = ? AND number BETWEEN ? AND ? ORDER BY number LIMIT ?
"""
_NEWEST = "SELECT epoch, number, payload FROM {table} WHERE topic = ? AND epoch = ? ORDER BY number DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Page:
    """payloads: messages as they were published, in order. known: whether the store has the epoch asked for.

    next: where to go on, in the same epoch or at the beginning of the one after it; None where nothing follows yet.
    """

    payloads: tuple[bytes, ...]
    known: bool
    next: Mark | None


class Replay:
    """The messages below a line's data folder. Use it in one thread; raises sqlite3.Error where the disk fails."""

    def __init__(self, data_dir: Path) -> None:
        """The database must exist: the line's store makes it."""
        uri = f"{(data_dir / DATABASE).resolve().as_uri()}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, timeout=1.0, isolation_level=None, check_same_thread=False)

    def page(self, topic: str, start: Mark | None, last: int | None = None, limit: int = PAGE_MESSAGES) -> Page:
        """Messages of a topic from `start` on (None: from the oldest that is kept), of one epoch.

        last: the last number wanted; then nothing beyond this epoch is offered as `next`.
        """
        epochs = self._epochs(topic)
        if start is None or start.epoch not in epochs:
            begin = Mark(epochs[0], 0) if epochs and last is None else None
            return Page((), start is None, begin)
        rows = self._rows(topic, start, last, min(limit, PAGE_MESSAGES))
        taken = _fitting(rows)
        payloads = tuple(payload for _, payload in taken)
        if taken and (len(taken) < len(rows) or self._has_more(topic, start.epoch, taken[-1][0], last)):
            return Page(payloads, True, Mark(start.epoch, taken[-1][0] + 1))
        later = epochs[epochs.index(start.epoch) + 1 :]
        return Page(payloads, True, Mark(later[0], 0) if later and last is None else None)

    def newest(self) -> dict[str, tuple[Mark, bytes]]:
        """For each topic the mark of its newest message, and the message."""
        newest = {}
        topics = [topic for table in _TABLES.values() for (topic,) in self._ask(_TOPICS.format(table=table), {})]
        for topic in topics:
            wanted = (topic, self._epochs(topic)[-1])
            for epoch, number, payload in self._ask(_NEWEST.format(table=_table(topic)), wanted):
                newest[str(topic)] = (Mark(epoch, number), bytes(payload))
        return newest

    def close(self) -> None:
        self._connection.close()

    def _epochs(self, topic: str) -> list[str]:
        """In the order in which they were written."""
        return [epoch for epoch, _ in self._ask(_EPOCHS.format(table=_table(topic)), {"topic": topic})]

    def _rows(self, topic: str, start: Mark, last: int | None, limit: int) -> list[tuple[int, bytes]]:
        wanted = (topic, start.epoch, start.number, _MOST if last is None else last, limit)
        return self._ask(_RANGE.format(table=_table(topic)), wanted)

    def _ask(self, query: str, values: tuple[str | int, ...] | dict[str, str]) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, values).fetchall()

    def _has_more(self, topic: str, epoch: str, number: int, last: int | None) -> bool:
        return bool(self._rows(topic, Mark(epoch, number + 1), last, 1))


_MOST = 2**63 - 1


def _table(topic: str) -> str:
    """Where messages of a topic are; for one that is not stored any table says that it has none."""
    return _TABLES.get(topic.partition("/")[0], "verdicts")


def _fitting(rows: Iterable[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """The first rows that fit into an answer, at least one."""
    taken: list[tuple[int, bytes]] = []
    size = 0
    for number, payload in rows:
        size += len(payload)
        if taken and size > _PAGE_BYTES:
            break
        taken.append((number, payload))
    return taken
