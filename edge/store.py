"""The verdicts on disk: SQLite in WAL mode with full syncs, one commit for a whole batch. One thread writes.

    DATA_DIR/verdicts.sqlite3     one row a verdict, with the JSON exactly as published
    DATA_DIR/pictures/            the kept JPEGs; a row names its own relative to this folder

The number of rows and of pictures is bounded: a device must not fill its disk. Of the pictures the OK ones go
first, then the oldest; of the rows the oldest.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from edge.errors import ConfigError, EdgevlError
from edge.messages import Verdict, encode

DATABASE = "verdicts.sqlite3"
PICTURES = "pictures"
SCHEMA = 1
_LOCK = "line.lock"
# There while damage was met that the quick check at the start does not see, such as in an index.
_SUSPECT = "verdicts.suspect"

# `row_id` grows with time; an index on a column also holds it, so "newest first" needs no sorting.
_TABLES = """
CREATE TABLE verdicts (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    topic TEXT NOT NULL,
    epoch TEXT NOT NULL,
    number INTEGER NOT NULL,
    camera TEXT NOT NULL,
    captured_ns INTEGER NOT NULL,
    status TEXT NOT NULL,
    class_name TEXT,
    payload BLOB NOT NULL,
    picture TEXT,
    picture_bytes INTEGER,
    UNIQUE (topic, epoch, number)
);
CREATE INDEX by_time ON verdicts (captured_ns, status, class_name);
CREATE INDEX by_status ON verdicts (status);
CREATE INDEX by_class ON verdicts (class_name);
CREATE INDEX with_picture ON verdicts (status != 'OK', row_id, picture_bytes) WHERE picture IS NOT NULL;
"""


class StoreError(EdgevlError):
    """The disk took no more verdicts; publishing without it would break the promise, so the line stops."""


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """What may be kept: verdicts (about 1.2 kB each), and pictures by number and by their bytes together."""

    verdicts: int = 1_000_000
    pictures: int = 2_000
    picture_bytes: int = 2_000_000_000


@dataclass(frozen=True, slots=True)
class NewVerdict:
    """A row to be: the message, and when its frame was taken (`Frame.wall_ns`)."""

    verdict: Verdict
    wall_ns: int


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A JPEG that was written below the picture folder for a verdict; `relative` is its POSIX path there."""

    verdict_id: str
    relative: str
    size_bytes: int


class Store:
    """The one writer of a data folder. Made by `open_store`; use it in one thread at a time."""

    def __init__(self, connection: sqlite3.Connection, data_dir: Path, limits: StoreLimits, lock: BinaryIO) -> None:
        self._connection = connection
        self._lock = lock
        self._pictures = data_dir / PICTURES
        self._suspect = data_dir / _SUSPECT
        self._limits = limits

    def append(self, verdicts: Sequence[NewVerdict]) -> list[bytes]:
        """Make verdicts durable in one commit; the JSON of each, as stored. Raises StoreError."""
        payloads = [encode(new.verdict) for new in verdicts]
        rows = [_row(new, payload) for new, payload in zip(verdicts, payloads, strict=True)]
        with self._transaction():
            self._connection.executemany(
                """INSERT INTO verdicts
                   (id, topic, epoch, number, camera, captured_ns, status, class_name, payload)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                rows,
            )
            surplus = self._forget_old_verdicts()
        self._unlink(surplus)
        return payloads

    def keep(self, pictures: Sequence[KeptPicture]) -> None:
        """Note pictures that are on disk, and delete as many as the limits ask for. Raises StoreError."""
        with self._transaction():
            self._connection.executemany(
                "UPDATE verdicts SET picture = ?, picture_bytes = ? WHERE id = ?",
                [(kept.relative, kept.size_bytes, kept.verdict_id) for kept in pictures],
            )
            surplus = self._forget_surplus_pictures()
        self._unlink(surplus)

    def close(self) -> None:
        self._connection.close()
        self._lock.close()

    def delete_unnamed_pictures(self) -> None:
        """Delete pictures that no row names: the service was killed between writing the file and the row."""
        rows = self._connection.execute("SELECT picture FROM verdicts WHERE picture IS NOT NULL")
        named = {relative for (relative,) in rows}
        for file in self._pictures.glob("*/*"):
            if file.relative_to(self._pictures).as_posix() not in named:
                file.unlink(missing_ok=True)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _forget_old_verdicts(self) -> list[str]:
        """Delete the rows beyond the limit; the pictures that go with them."""
        (newest,) = self._connection.execute("SELECT MAX(row_id) FROM verdicts").fetchone()
        gone = self._connection.execute(
            "DELETE FROM verdicts WHERE row_id <= ? RETURNING picture", (newest - self._limits.verdicts,)
        )
        return [relative for (relative,) in gone.fetchall() if relative is not None]

    def _forget_surplus_pictures(self) -> list[str]:
        """Clear the notes of the pictures beyond the limits; these pictures."""
        kept = self._connection.execute(
            """SELECT row_id, picture, picture_bytes FROM verdicts WHERE picture IS NOT NULL
               ORDER BY status != 'OK', row_id"""
        ).fetchall()
        number, size = len(kept), sum(size_bytes for _, _, size_bytes in kept)
        surplus = 0
        while number - surplus > self._limits.pictures or size > self._limits.picture_bytes:
            size -= kept[surplus][2]
            surplus += 1
        self._connection.executemany(
            "UPDATE verdicts SET picture = NULL, picture_bytes = NULL WHERE row_id = ?",
            [(row_id,) for row_id, _, _ in kept[:surplus]],
        )
        return [relative for _, relative, _ in kept[:surplus]]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing; what SQLite raises becomes a StoreError."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if type(error) is sqlite3.DatabaseError or isinstance(error, UnicodeDecodeError):
                self._suspect.touch()
            if isinstance(error, (sqlite3.Error, UnicodeDecodeError)):
                raise StoreError(f"the verdicts could not be written to disk ({error}); check the disk") from error
            raise

    def _unlink(self, relatives: Iterable[str]) -> None:
        for relative in relatives:
            (self._pictures / relative).unlink(missing_ok=True)


def open_store(data_dir: Path, limits: StoreLimits, say: Callable[[str], None]) -> Store:
    """Open the data folder for writing, making it where it is absent.

    A damaged database is set aside under a new name, with its pictures, and `say` is told. Raises ConfigError
    where the folder cannot be used: not writable, in use by another line, or written by a later edgevl.
    """
    lock = _lock_folder(data_dir)
    try:
        connection = _open_or_set_aside(data_dir, say)
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
        raise ConfigError(
            f"cannot write to the data folder {data_dir} ({error.strerror}); "
            "make it writable or choose another `data_dir` in [line]"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ConfigError(
            f"the data folder {data_dir} is in use by another running line; "
            "stop that one or choose another `data_dir` in [line]"
        ) from None
    return lock


def _open_or_set_aside(data_dir: Path, say: Callable[[str], None]) -> sqlite3.Connection:
    database = data_dir / DATABASE
    if (data_dir / _SUSPECT).exists():
        return _begin_anew(data_dir, "found while it was being written", say)
    try:
        return _open_database(database)
    except sqlite3.OperationalError as error:
        raise ConfigError(f"cannot use the database {database} ({error}); check the disk and its rights") from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        # SQLite words some damage in bytes that are not UTF-8, and the sqlite3 module fails over its message.
        return _begin_anew(data_dir, str(error), say)


def _begin_anew(data_dir: Path, damage: str, say: Callable[[str], None]) -> sqlite3.Connection:
    moved = _set_aside(data_dir)
    say(f"{data_dir / DATABASE} was damaged ({damage}); it was set aside as {moved.name} and a new one begun")
    return _open_database(data_dir / DATABASE)


def _open_database(database: Path) -> sqlite3.Connection:
    """Raises sqlite3.DatabaseError itself where the file is damaged, its subclasses for other trouble."""
    connection = sqlite3.connect(database, timeout=10.0, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection, database)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, database: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA:
        raise ConfigError(
            f"{database} was written by a later edgevl (schema {version}, this one writes {SCHEMA}); "
            "update edgevl or choose another `data_dir` in [line]"
        )
    if version < SCHEMA:
        connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;")
    (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        raise sqlite3.DatabaseError(answer)


def _set_aside(data_dir: Path) -> Path:
    """Rename the database with its journal files and its pictures; the new name of the database."""
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    moved = data_dir / f"damaged-{stamp}-{DATABASE}"
    for suffix in ("", "-wal", "-shm"):
        part = data_dir / (DATABASE + suffix)
        if part.exists():
            part.rename(data_dir / (moved.name + suffix))
    (data_dir / _SUSPECT).unlink(missing_ok=True)
    pictures = data_dir / PICTURES
    if pictures.exists():
        pictures.rename(data_dir / f"damaged-{stamp}-{PICTURES}")
    return moved


def _row(new: NewVerdict, payload: bytes) -> tuple[str | int | bytes | None, ...]:
    """In the order of the INSERT."""
    v = new.verdict
    return (v.id, v.topic, v.epoch, v.number, v.camera, new.wall_ns, v.status, v.class_name, payload)
