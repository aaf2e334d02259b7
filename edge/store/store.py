"""The verdicts on disk: SQLite in WAL mode with full syncs, one commit for a whole batch. One thread writes.

    DATA_DIR/verdicts.sqlite3     one row a verdict, with the JSON exactly as published
    DATA_DIR/pictures/            the kept JPEGs; a row names its own relative to this folder. Beside a JPEG its defect
                                  map as a PNG of the same name, where there is one; it comes and goes with the JPEG

The number of rows and of pictures is bounded: a device must not fill its disk. `edge.store.quota` says which pictures
go; of the rows the oldest do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import msgspec

from edge.messages import Note, PartReport, VerdictMark, encode
from edge.store.database import DATABASE, PICTURES, SUSPECT, StoreError, free_bytes, refusal
from edge.store.kept_pictures import KeptPicture, delete_all_but, delete_pictures
from edge.store.quota import PictureQuota
from edge.store.rows import NewVerdict, Row, row_of

# A report is queued for seconds; where hundreds a second are shed meanwhile, its row still is among so many.
_UNFINISHED_AMONG = 20_000


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """What may be kept: verdicts by number, pictures by number and by their bytes together.

    A verdict takes about 1.2 kB, and two bytes for each number of its embedding; a mark 0.5 to 3 kB.
    """

    verdicts: int = 1_000_000
    marks: int = 100_000
    pictures: int = 2_000
    picture_bytes: int = 2_000_000_000


@dataclass(frozen=True, slots=True)
class StoreUsage:
    """Bytes of the database and of the kept pictures with their maps, their number, and the room left on the disk."""

    database_bytes: int
    pictures: int
    picture_bytes: int
    free_bytes: int


class Store:
    """The one writer of a data folder. Made by `open_store`; use it in one thread at a time."""

    def __init__(self, connection: sqlite3.Connection, data_dir: Path, limits: StoreLimits, lock: BinaryIO) -> None:
        self._connection = connection
        self._lock = lock
        self._folder = data_dir
        self._pictures = data_dir / PICTURES
        self._suspect = data_dir / SUSPECT
        self._limits = limits
        self._quota = PictureQuota(connection, limits.pictures, limits.picture_bytes)

    def append(self, verdicts: Sequence[NewVerdict]) -> list[bytes]:
        """Make verdicts durable in one commit; the JSON of each, as stored.

        Raises StoreRefusedError where the disk takes nothing at present, StoreError where the file is at fault.
        """
        return self.append_rows([row_of(new) for new in verdicts])

    def append_rows(self, rows: Sequence[Row]) -> list[bytes]:
        """The same for verdicts that are encoded already."""
        with self._transaction():
            self._connection.executemany(
                """INSERT INTO verdicts
                   (id, topic, epoch, number, camera, captured_ns, status, class_name, payload)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                [(*row[:8], row[9]) for row in rows],
            )
            (newest,) = self._connection.execute("SELECT MAX(row_id) FROM verdicts").fetchone()
            self._add_embeddings(rows, newest)
            surplus = self._forget_old_verdicts(newest)
        delete_pictures(self._pictures, surplus)
        return [row[-1] for row in rows]

    def append_notes(self, notes: Sequence[Note]) -> list[bytes]:
        """Make late answers durable in one commit; the JSON of each, as stored. Raises as `append` does."""
        rows = [(n.verdict, n.topic, n.epoch, n.number, encode(n)) for n in notes]
        return self._append_beside("notes", "verdict_id, topic, epoch, number, payload", rows, self._limits.verdicts)

    def append_reports(self, reports: Sequence[PartReport]) -> list[bytes]:
        """Make reports durable in one commit; the JSON of each, as stored. Raises as `append` does."""
        rows = [(r.verdict, r.state, r.topic, r.epoch, r.number, encode(r)) for r in reports]
        columns = "verdict_id, state, topic, epoch, number, payload"
        return self._append_beside("reports", columns, rows, self._limits.verdicts)

    def append_marks(self, marks: Sequence[VerdictMark]) -> list[bytes]:
        """Make marks durable in one commit; the JSON of each, as stored. Raises as `append` does."""
        rows = [(m.verdict, m.topic, m.epoch, m.number, m.truth, m.class_name, encode(m)) for m in marks]
        columns = "verdict_id, topic, epoch, number, truth, class_name, payload"
        return self._append_beside("marks", columns, rows, self._limits.marks)

    def unfinished_reports(self) -> list[PartReport]:
        """Those that were queued and never came to an end, because the service was killed; among the newest rows."""
        rows = self._connection.execute(
            """SELECT payload FROM reports AS queued WHERE state = 'queued'
               AND row_id > (SELECT COALESCE(MAX(row_id), 0) FROM reports) - ? AND NOT EXISTS
               (SELECT 1 FROM reports AS later
                WHERE later.verdict_id = queued.verdict_id AND later.row_id > queued.row_id)
               ORDER BY row_id""",
            (_UNFINISHED_AMONG,),
        )
        return [msgspec.json.decode(payload, type=PartReport) for (payload,) in rows.fetchall()]

    def keep(self, pictures: Sequence[KeptPicture]) -> None:
        """Note pictures that are on disk, and delete as many as the limits ask for; also those without a verdict here.

        Raises as `append`; then none of these pictures is kept.
        """
        try:
            with self._transaction():
                unnamed = [kept.relative for kept in pictures if not self._note(kept)]
                surplus = self._quota.make_room()
        except StoreError:
            delete_pictures(self._pictures, (kept.relative for kept in pictures))
            raise
        delete_pictures(self._pictures, [*unnamed, *surplus])

    def usage(self) -> StoreUsage:
        """What the verdicts and pictures take of the disk, and what is left of it."""
        files = [self._folder / (DATABASE + suffix) for suffix in ("", "-wal", "-shm")]
        size = sum(_size(file) for file in files)
        return StoreUsage(size, self._quota.pictures, self._quota.bytes, free_bytes(self._folder))

    def close(self) -> None:
        self._connection.close()
        self._lock.close()

    def delete_unnamed_pictures(self) -> None:
        """Delete pictures and maps that no row names: the service was killed between writing the file and the row."""
        rows = self._connection.execute("SELECT picture FROM verdicts WHERE picture IS NOT NULL")
        delete_all_but(self._pictures, {relative for (relative,) in rows})

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _append_beside(self, table: str, columns: str, rows: Sequence[tuple[Any, ...]], most: int) -> list[bytes]:
        """Into a table beside the verdicts, of which the newest `most` rows stay; the payloads, which are last.

        table, columns: names of our own, the only ones that may be put into SQL.
        """
        places = ", ".join("?" * (columns.count(",") + 1))
        with self._transaction():
            self._connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)  # noqa: S608
            (newest,) = self._connection.execute(f"SELECT MAX(row_id) FROM {table}").fetchone()  # noqa: S608
            self._connection.execute(f"DELETE FROM {table} WHERE row_id <= ?", (newest - most,))  # noqa: S608
        return [row[-1] for row in rows]

    def _add_embeddings(self, rows: Sequence[Row], newest: int) -> None:
        """Beside the verdicts that were just inserted, of which `newest` is the last: one writer, so no gaps."""
        first = newest - len(rows) + 1
        given = [(first + n, row[8]) for n, row in enumerate(rows) if row[8] is not None]
        if given:
            self._connection.executemany("INSERT INTO embeddings (row_id, embedding) VALUES (?, ?)", given)

    def _forget_old_verdicts(self, newest: int) -> list[str]:
        """Delete the rows beyond the limit with their embeddings; the pictures that go with them."""
        last_gone = newest - self._limits.verdicts
        self._connection.execute("DELETE FROM embeddings WHERE row_id <= ?", (last_gone,))
        gone = self._connection.execute(
            "DELETE FROM verdicts WHERE row_id <= ? RETURNING picture, picture_bytes", (last_gone,)
        )
        pictures = [(relative, size_bytes) for relative, size_bytes in gone.fetchall() if relative is not None]
        for _, size_bytes in pictures:
            self._quota.remove(size_bytes)
        return [relative for relative, _ in pictures]

    def _note(self, kept: KeptPicture) -> bool:
        """Name a picture in its verdict's row; False where there is no such row."""
        noted = self._connection.execute(
            "UPDATE verdicts SET picture = ?, picture_bytes = ? WHERE id = ?",
            (kept.relative, kept.size_bytes, kept.verdict_id),
        )
        if noted.rowcount:
            self._quota.add(kept.size_bytes)
        return noted.rowcount > 0

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing; what SQLite raises becomes a StoreError."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            if type(error) is sqlite3.DatabaseError or isinstance(error, UnicodeDecodeError):
                self._suspect.touch()
            if isinstance(error, (sqlite3.Error, UnicodeDecodeError)):
                raise self._explained(error) from error
            raise

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error, UnicodeDecodeError):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._quota.recount()

    def _explained(self, error: sqlite3.Error | UnicodeDecodeError) -> StoreError:
        refused = refusal(error, self._folder) if isinstance(error, sqlite3.Error) else None
        return refused or StoreError(f"the verdicts could not be written to disk ({error}); check the disk")


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
