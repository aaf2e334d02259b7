"""Questions about past verdicts, for the dashboard and reports. Only reads; safe beside a running line.

Each question opens its own connection, so a `History` may be shared between threads, and one that was made
before the line's first start, or before a damaged file was set aside, sees the new file.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec

from edge.messages import Note, PartReport, Verdict, VerdictMark
from edge.store.database import DATABASE, PICTURES
from edge.store.kept_pictures import map_beside
from edge.store.marks import COUNTED, MarkCounts, mark_counts
from edge.store.wanted import Wanted
from edge.verdict import Status

_PAGE = 1_000
_HOUR_NS = 3600 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A verdict as it was published.

    row_id: grows with time; give the smallest one of a page as `before_id` to get the next, older page.
    has_picture: whether a JPEG was kept; `History.picture_path(verdict.id)` finds it. has_map: whether a defect map
    lies beside it, for `History.map_path`. mark: what a person says of it, unless that was withdrawn.
    """

    row_id: int
    verdict: Verdict
    has_picture: bool
    has_map: bool = False
    mark: VerdictMark | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many verdicts of each kind; `by_class` counts the NG and UNDECIDED ones by class, where known."""

    ok: int
    ng: int
    undecided: int
    by_class: Mapping[str, int]

    @property
    def total(self) -> int:
        return self.ok + self.ng + self.undecided


@dataclass(frozen=True, slots=True)
class Bucket:
    """The counts of one stretch of time that begins at `start` (UTC)."""

    start: datetime
    counts: Counts


class History:
    """The verdicts below one line's data folder. Before the line's first start every answer is empty."""

    def __init__(self, data_dir: Path) -> None:
        self._database = data_dir / DATABASE
        self._pictures = data_dir / PICTURES

    def recent(
        self,
        limit: int,
        status: Status | None = None,
        camera: str | None = None,
        class_name: str | None = None,
        before_id: int | None = None,
    ) -> list[StoredVerdict]:
        """The newest verdicts first, at most `limit`, those that match every argument given."""
        return self._page(Wanted(status, camera, class_name), limit, before_id)

    def select(self, wanted: Wanted, limit: int | None = None) -> Iterator[StoredVerdict]:
        """All that is wanted, newest first, at most `limit`. Reads page by page, so that a writer is never held up."""
        left = limit if limit is not None else sys.maxsize
        before_id: int | None = None
        while page := self._page(wanted, min(left, _PAGE), before_id):
            yield from page
            left -= len(page)
            before_id = page[-1].row_id

    def hours(self, wanted: Wanted) -> list[Bucket]:
        """The counts of what is wanted per hour, oldest first; hours without a verdict are left out."""
        where, values = wanted.where()
        return self._buckets(where, values, 3600)

    def marked_hours(self, wanted: Wanted) -> dict[datetime, MarkCounts]:
        """How many of what is wanted are marked as what, per hour, by its begin; hours without a mark are left out."""
        if not self._has("marks"):
            return {}
        where, values = replace(wanted, marked=True).where()
        by_hour: dict[int, list[tuple[Any, ...]]] = {}
        for hour, *row in self._rows(COUNTED.format(where=where), (_HOUR_NS, *values)):
            by_hour.setdefault(hour, []).append(tuple(row))
        return {_moment(hour * _HOUR_NS): mark_counts(rows) for hour, rows in by_hour.items()}

    def good_name(self) -> str:
        """What the bundle of the newest OK part calls good parts; "good" where there is none."""
        rows = self._rows("SELECT class_name FROM verdicts WHERE status = 'OK' ORDER BY row_id DESC LIMIT 1", ())
        return str(rows[0][0] or "good") if rows else "good"

    def counts(self, since: datetime, bucket_s: int) -> list[Bucket]:
        """Counts per `bucket_s` seconds from `since` (aware) on, oldest first.

        Buckets begin at whole multiples of `bucket_s` since 1970; those without a verdict are left out.
        """
        return self._buckets(*Wanted(since=since).where(), bucket_s)

    def totals(self) -> Counts:
        """Counts over everything that is stored."""
        return _counts(self._rows("SELECT status, class_name, COUNT(*) FROM verdicts GROUP BY 1, 2", ()))

    def verdict(self, verdict_id: str) -> StoredVerdict | None:
        """The verdict of an id, or None."""
        rows = self._rows("SELECT row_id FROM verdicts WHERE id = ?", (verdict_id,))
        return self.of_rows([row for (row,) in rows]).get(rows[0][0]) if rows else None

    def of_rows(self, row_ids: Sequence[int]) -> dict[int, StoredVerdict]:
        """The verdicts of some hundreds of rows, by row; those that are gone are left out."""
        places = ",".join("?" * len(row_ids))
        rows = self._rows(
            f"SELECT row_id, payload, picture IS NOT NULL FROM verdicts WHERE row_id IN ({places})",  # noqa: S608
            tuple(row_ids),
        )
        found = self._with_marks([StoredVerdict(row, _verdict(payload), bool(kept)) for row, payload, kept in rows])
        return {stored.row_id: stored for stored in found}

    def with_previous(self, verdict_id: str) -> tuple[Verdict, Verdict | None] | None:
        """A verdict, and the one before it of the same camera, where there is one; None where there is no such id."""
        found = self._rows("SELECT row_id, camera, payload FROM verdicts WHERE id = ?", (verdict_id,))
        if not found:
            return None
        row_id, camera, payload = found[0]
        before = self._rows(
            "SELECT payload FROM verdicts WHERE row_id < ? AND camera = ? ORDER BY row_id DESC LIMIT 1",
            (row_id, camera),
        )
        return _verdict(payload), _verdict(before[0][0]) if before else None

    def note(self, verdict_id: str) -> Note | None:
        """What the model said of a verdict's part after the deadline, or None."""
        rows = self._said_of("notes", [verdict_id])
        return msgspec.json.decode(rows[0][1], type=Note) if rows else None

    def report(self, verdict_id: str) -> PartReport | None:
        """How the report of a verdict's part stands, or None where none was asked for."""
        return self.reports([verdict_id]).get(verdict_id)

    def reports(self, verdict_ids: Sequence[str]) -> dict[str, PartReport]:
        """The same for some hundreds at most, by the id of the verdict; those without a report are left out."""
        rows = self._said_of("reports", verdict_ids)
        return {verdict_id: msgspec.json.decode(payload, type=PartReport) for verdict_id, payload in rows}

    def marks(self, verdict_ids: Sequence[str]) -> dict[str, VerdictMark]:
        """What people say of these verdicts, at most some thousand; those without a mark now are left out."""
        rows = self._said_of("marks", verdict_ids)
        newest = {verdict_id: msgspec.json.decode(payload, type=VerdictMark) for verdict_id, payload in rows}
        return {verdict_id: mark for verdict_id, mark in newest.items() if mark.truth is not None}

    def picture_path(self, verdict_id: str) -> Path | None:
        """The JPEG kept for a verdict, or None. Never a file outside the line's picture folder."""
        rows = self._rows("SELECT picture FROM verdicts WHERE id = ? AND picture IS NOT NULL", (verdict_id,))
        for (relative,) in rows:
            path = (self._pictures / str(relative)).resolve()
            if path.is_relative_to(self._pictures.resolve()) and path.is_file():
                return path
        return None

    def map_path(self, verdict_id: str) -> Path | None:
        """The defect map kept beside that JPEG, or None: a PNG in 8-bit grey, 255 for 1, over `verdict.region`."""
        picture = self.picture_path(verdict_id)
        path = map_beside(picture) if picture else None
        return path if path and path.is_file() and not path.is_symlink() else None

    def _page(self, wanted: Wanted, limit: int, before_id: int | None) -> list[StoredVerdict]:
        if wanted.marked and not self._has("marks"):
            return []
        where, values = wanted.where(before_id)
        rows = self._rows(
            # Only column names of our own are put into the text; every value is bound.
            f"""SELECT row_id, payload, picture FROM verdicts {where}
                ORDER BY row_id DESC LIMIT ?""",  # noqa: S608
            (*values, limit),
        )
        return self._with_marks(
            [StoredVerdict(row, _verdict(payload), *self._kept(picture)) for row, payload, picture in rows]
        )

    def _with_marks(self, found: Sequence[StoredVerdict]) -> list[StoredVerdict]:
        marks = self.marks([stored.verdict.id for stored in found])
        return [replace(stored, mark=marks.get(stored.verdict.id)) for stored in found] if marks else list(found)

    def _buckets(self, where: str, values: tuple[str | int, ...], bucket_s: int) -> list[Bucket]:
        size_ns = bucket_s * 1_000_000_000
        rows = self._rows(
            f"""SELECT captured_ns / ?, status, class_name, COUNT(*) FROM verdicts {where}
                GROUP BY 1, 2, 3 ORDER BY 1""",  # noqa: S608
            (size_ns, *values),
        )
        by_bucket: dict[int, list[tuple[str, str | None, int]]] = {}
        for index, status, class_name, number in rows:
            by_bucket.setdefault(index, []).append((status, class_name, number))
        return [Bucket(_moment(index * size_ns), _counts(group)) for index, group in by_bucket.items()]

    def _kept(self, relative: str | None) -> tuple[bool, bool]:
        """Whether there is a picture, and a map beside it."""
        return relative is not None, relative is not None and map_beside(self._pictures / relative).is_file()

    def _said_of(self, table: str, verdict_ids: Sequence[str]) -> list[tuple[str, bytes]]:
        """Verdict id and JSON of the rows of a table beside the verdicts, oldest first; table: a name of our own."""
        if not verdict_ids or not self._has(table):
            return []
        rows = self._rows(
            f"""SELECT verdict_id, payload FROM {table}
                WHERE verdict_id IN ({",".join("?" * len(verdict_ids))}) ORDER BY row_id""",  # noqa: S608
            tuple(verdict_ids),
        )
        return [(verdict_id, payload) for verdict_id, payload in rows]

    def _has(self, table: str) -> bool:
        """Whether the database is of an edgevl that knew this table."""
        return bool(self._rows("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)))

    def _rows(self, query: str, values: tuple[str | int, ...]) -> list[tuple[Any, ...]]:
        if not self._database.is_file():
            return []
        with reading(self._database) as connection:
            return connection.execute(query, values).fetchall()


@contextmanager
def reading(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads; it may be used while the line writes."""
    uri = f"{database.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=5.0, isolation_level=None)) as connection:
        yield connection


def _verdict(payload: bytes) -> Verdict:
    return msgspec.json.decode(payload, type=Verdict)


def _counts(rows: list[tuple[str, str | None, int]]) -> Counts:
    """Sum rows of (status, class name, number)."""
    by_status: dict[str, int] = {}
    by_class: dict[str, int] = {}
    for status, class_name, number in rows:
        by_status[status] = by_status.get(status, 0) + number
        if status != "OK" and class_name is not None:
            by_class[class_name] = by_class.get(class_name, 0) + number
    return Counts(by_status.get("OK", 0), by_status.get("NG", 0), by_status.get("UNDECIDED", 0), by_class)


def _moment(wall_ns: int) -> datetime:
    return datetime.fromtimestamp(wall_ns / 1e9, timezone.utc)
