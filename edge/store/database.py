"""The SQLite file of verdicts: opened, checked, and set aside where it is damaged."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from edge.errors import ConfigError, EdgevlError

DATABASE = "verdicts.sqlite3"
PICTURES = "pictures"
SCHEMA = 1
# There while damage was met that the quick check at the start does not see, such as in an index.
SUSPECT = "verdicts.suspect"

# SQLite's primary result codes: FULL, IOERR, READONLY, CANTOPEN, BUSY. Python 3.10 gives their words only.
_REFUSALS = {13, 10, 8, 14, 5}
_REFUSING_WORDS = ("is full", "disk I/O error", "readonly database", "unable to open", "is locked")
# A commit writes pages of 4 kB: below this SQLite cannot even enlarge its own files.
_NO_ROOM_BYTES = 64 * 1024

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

# Beside the tables of the schema, so that an older edgevl can still use the file.
_NOTES = """
CREATE TABLE IF NOT EXISTS notes (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    verdict_id TEXT NOT NULL UNIQUE,
    topic TEXT NOT NULL,
    epoch TEXT NOT NULL,
    number INTEGER NOT NULL,
    payload BLOB NOT NULL,
    UNIQUE (topic, epoch, number)
);
"""


# Half precision, L2-normalised, as the graph of the bundle named in the verdict gave it. `row_id` is the verdict's;
# a table of its own, so that whoever reads verdicts does not read past two and a half kilobytes for each.
_EMBEDDINGS = """
CREATE TABLE IF NOT EXISTS embeddings (
    row_id INTEGER PRIMARY KEY,
    embedding BLOB NOT NULL
);
"""

# A report is one row for each state it was published in; the newest counts.
_REPORTS = """
CREATE TABLE IF NOT EXISTS reports (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    verdict_id TEXT NOT NULL,
    state TEXT NOT NULL,
    topic TEXT NOT NULL,
    epoch TEXT NOT NULL,
    number INTEGER NOT NULL,
    payload BLOB NOT NULL,
    UNIQUE (topic, epoch, number)
);
CREATE INDEX IF NOT EXISTS reports_by_verdict ON reports (verdict_id, row_id);
"""

# What people say of verdicts: a row for each time, also for a withdrawal (`truth` is NULL); the newest counts.
_MARKS = """
CREATE TABLE IF NOT EXISTS marks (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    verdict_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    epoch TEXT NOT NULL,
    number INTEGER NOT NULL,
    truth TEXT,
    class_name TEXT,
    payload BLOB NOT NULL,
    UNIQUE (topic, epoch, number)
);
CREATE INDEX IF NOT EXISTS marks_by_verdict ON marks (verdict_id, row_id, truth);
"""


class StoreError(EdgevlError):
    """The database can take no more verdicts; publishing as if it had would break the promise, so the line stops."""


class StoreRefusedError(StoreError):
    """The disk takes nothing at present, but may again: it is full, locked, read-only, or fails.

    is_full: whether room is what it lacks.
    """

    def __init__(self, sentence: str, is_full: bool) -> None:
        super().__init__(sentence)
        self.is_full = is_full


def open_or_set_aside(data_dir: Path, say: Callable[[str], None]) -> sqlite3.Connection:
    """The database of a folder, made where it is absent; a damaged one is set aside, and `say` is told.

    Raises ConfigError where rights or a later schema forbid, StoreRefusedError where the disk is full.
    """
    database = data_dir / DATABASE
    if (data_dir / SUSPECT).exists():
        return _begin_anew(data_dir, "found while it was being written", say)
    _check_rights(database)
    try:
        return _open(database)
    except sqlite3.OperationalError as error:
        raise _cannot_use(database, error) from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        # SQLite words some damage in bytes that are not UTF-8, and the sqlite3 module fails over its message.
        return _begin_anew(data_dir, str(error), say)


def refusal(error: sqlite3.Error, folder: Path) -> StoreRefusedError | None:
    """What SQLite raised, where the same may work later; None where it is another matter."""
    code = getattr(error, "sqlite_errorcode", None)
    said = any(words in str(error) for words in _REFUSING_WORDS)
    temporary = said if code is None else code & 0xFF in _REFUSALS
    if not temporary:
        return None
    if "is full" in str(error) or free_bytes(folder) < _NO_ROOM_BYTES:
        return StoreRefusedError(f"the disk of {folder} is full; free some space or move `data_dir`", is_full=True)
    sentence = f"the disk does not take verdicts in {folder} ({error}); check the disk and its rights"
    return StoreRefusedError(sentence, is_full=False)


def free_bytes(folder: Path) -> int:
    """Room on the disk of a folder for this account; zero where the disk does not answer."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def folder_error(folder: Path, error: OSError) -> EdgevlError:
    """Why a data folder cannot be used, in a sentence for whoever set it up."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreRefusedError(f"the disk of {folder} is full; free some space or move `data_dir`", is_full=True)
    if error.errno == errno.EROFS:
        cause = "its disk is mounted read-only, perhaps after a fault: see `dmesg`"
    elif error.errno == errno.EACCES:
        cause = f"it does not belong to this account: `chown -R {_account()} {folder}`"
    else:
        cause = error.strerror or str(error)
    return ConfigError(
        f"cannot write to the data folder {folder} ({cause}); make it writable or choose another `data_dir` in [line]"
    )


def _account() -> str:
    return f"{os.geteuid()}:{os.getegid()}"


def _cannot_use(database: Path, error: sqlite3.OperationalError) -> EdgevlError:
    refused = refusal(error, database.parent)
    if refused is not None and refused.is_full:
        return refused
    return ConfigError(f"cannot use the database {database} ({error}); check the disk and its rights")


def _check_rights(database: Path) -> None:
    """SQLite opens a file that it may not write, and complains at the first verdict only."""
    for part in (database, *(database.with_name(database.name + end) for end in ("-wal", "-shm"))):
        if part.exists() and not os.access(part, os.R_OK | os.W_OK):
            raise ConfigError(
                f"cannot use the database {part}: this account may not write it; `chown {_account()} {part}`"
            )


def _begin_anew(data_dir: Path, damage: str, say: Callable[[str], None]) -> sqlite3.Connection:
    moved = _set_aside(data_dir)
    say(f"{data_dir / DATABASE} was damaged ({damage}); it was set aside as {moved.name} and a new one begun")
    return _open(data_dir / DATABASE)


def _open(database: Path) -> sqlite3.Connection:
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
    connection.executescript(_NOTES + _REPORTS + _EMBEDDINGS + _MARKS)
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
    (data_dir / SUSPECT).unlink(missing_ok=True)
    pictures = data_dir / PICTURES
    if pictures.exists():
        pictures.rename(data_dir / f"damaged-{stamp}-{PICTURES}")
    return moved
