"""The verdicts on disk: SQLite in WAL mode with full syncs, one commit for a whole batch. One thread writes.

    DATA_DIR/verdicts.sqlite3     one row a verdict, with the JSON exactly as published
    DATA_DIR/pictures/            the kept JPEGs; a row names its own relative to this folder. Beside a JPEG its defect
                                  map as a PNG of the same name, where there is one; it comes and goes with the JPEG

The number of rows and of pictures is bounded: a device must not fill its disk. `edge.store.quota` says which pictures
go; of the rows the oldest do.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.errors import ConfigError
from edge.messages import Note, PartReport, Verdict, VerdictMark, encode
from edge.store.database import (
    DATABASE,
    PICTURES,
    SUSPECT,
    StoreError,
    StoreRefusedError,
    folder_error,
    free_bytes,
    open_or_set_aside,
    refusal,
)
from edge.store.quota import PictureQuota

__all__ = [
    "DATABASE",
    "PICTURES",
    "KeptPicture",
    "NewVerdict",
    "Store",
    "StoreError",
    "StoreLimits",
    "StoreRefusedError",
    "map_beside",
    "open_store",
]
_LOCK = "line.lock"
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
class NewVerdict:
    """A row to be: the message, when its frame was taken (`Frame.wall_ns`), and the embedding where there is one."""

    verdict: Verdict
    wall_ns: int
    embedding_D: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A JPEG that was written below the picture folder for a verdict; `relative` is its POSIX path there.

    size_bytes: with its map (`map_beside`), where there is one.
    """

    verdict_id: str
    relative: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class StoreUsage:
    """Bytes of the database and of the kept pictures with their maps, their number, and the room left on the disk."""

    database_bytes: int
    pictures: int
    picture_bytes: int
    free_bytes: int


# id, topic, epoch, number, camera, captured_ns, status, class_name as the INSERT has them; embedding; payload.
Row = tuple[str, str, str, int, str, int, str, "str | None", "bytes | None", bytes]


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
        self._unlink(surplus)
        return [row[-1] for row in rows]

    def append_notes(self, notes: Sequence[Note]) -> list[bytes]:
        """Make late answers durable in one commit; the JSON of each, as stored. Raises as `append` does."""
        payloads = [encode(note) for note in notes]
        with self._transaction():
            self._connection.executemany(
                "INSERT INTO notes (verdict_id, topic, epoch, number, payload) VALUES (?, ?, ?, ?, ?)",
                [(n.verdict, n.topic, n.epoch, n.number, payload) for n, payload in zip(notes, payloads, strict=True)],
            )
            (newest,) = self._connection.execute("SELECT MAX(row_id) FROM notes").fetchone()
            self._connection.execute("DELETE FROM notes WHERE row_id <= ?", (newest - self._limits.verdicts,))
        return payloads

    def append_reports(self, reports: Sequence[PartReport]) -> list[bytes]:
        """Make reports durable in one commit; the JSON of each, as stored. Raises as `append` does."""
        payloads = [encode(report) for report in reports]
        rows = [
            (r.verdict, r.state, r.topic, r.epoch, r.number, payload)
            for r, payload in zip(reports, payloads, strict=True)
        ]
        with self._transaction():
            self._connection.executemany(
                "INSERT INTO reports (verdict_id, state, topic, epoch, number, payload) VALUES (?, ?, ?, ?, ?, ?)", rows
            )
            (newest,) = self._connection.execute("SELECT MAX(row_id) FROM reports").fetchone()
            self._connection.execute("DELETE FROM reports WHERE row_id <= ?", (newest - self._limits.verdicts,))
        return payloads

    def append_marks(self, marks: Sequence[VerdictMark]) -> list[bytes]:
        """Make marks durable in one commit; the JSON of each, as stored. Raises as `append` does."""
        payloads = [encode(mark) for mark in marks]
        rows = [
            (m.verdict, m.topic, m.epoch, m.number, m.truth, m.class_name, payload)
            for m, payload in zip(marks, payloads, strict=True)
        ]
        with self._transaction():
            self._connection.executemany(
                """INSERT INTO marks (verdict_id, topic, epoch, number, truth, class_name, payload)
                   VALUES (?, ?, ?, ?, ?, ?, ?)""",
                rows,
            )
            (newest,) = self._connection.execute("SELECT MAX(row_id) FROM marks").fetchone()
            self._connection.execute("DELETE FROM marks WHERE row_id <= ?", (newest - self._limits.marks,))
        return payloads

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
            self._unlink(kept.relative for kept in pictures)
            raise
        self._unlink([*unnamed, *surplus])

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
        named = {relative for (relative,) in rows}
        for file in self._pictures.glob("*/*"):
            if file.relative_to(self._pictures).with_suffix(".jpg").as_posix() not in named:
                file.unlink(missing_ok=True)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

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

    def _unlink(self, relatives: Iterable[str]) -> None:
        for relative in relatives:
            picture = self._pictures / relative
            map_beside(picture).unlink(missing_ok=True)
            picture.unlink(missing_ok=True)


def map_beside(picture: Path) -> Path:
    """Where the defect map of a kept picture is, if it has one: 8-bit grey, 255 for 1, over the verdict's region."""
    return picture.with_suffix(".png")


def open_store(data_dir: Path, limits: StoreLimits, say: Callable[[str], None]) -> Store:
    """Open the data folder for writing, making it where it is absent.

    A damaged database is set aside under a new name, with its pictures, and `say` is told. Raises ConfigError
    where the folder cannot be used: not writable, in use by another line, or written by a later edgevl; and
    StoreRefusedError where its disk is full.
    """
    lock = _lock_folder(data_dir)
    try:
        connection = open_or_set_aside(data_dir, say)
    except BaseException:
        lock.close()
        raise
    store = Store(connection, data_dir, limits, lock)
    store.delete_unnamed_pictures()
    return store


def _lock_folder(data_dir: Path) -> BinaryIO:
    """One writer a folder: the lock lasts as long as the file stays open, also through `kill -9`."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / _LOCK).open("ab")
    except OSError as error:
        raise folder_error(data_dir, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ConfigError(
            f"the data folder {data_dir} is in use by another running line; "
            "stop that one or choose another `data_dir` in [line]"
        ) from None
    return lock


def row_of(new: NewVerdict) -> Row:
    """In the order of the INSERT, with the embedding before the JSON, which is last."""
    v, embedding_D = new.verdict, new.embedding_D
    half = None if embedding_D is None else embedding_D.astype("<f2").tobytes()
    return (v.id, v.topic, v.epoch, v.number, v.camera, new.wall_ns, v.status, v.class_name, half, encode(v))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
