"""Full-text search over what is written about parts: SQLite FTS5 in a file of its own beside the index of vectors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from edge.errors import EdgevlError
from edge.search.terms import match, terms
from edge.store.database import refusal

_FILE = "words.sqlite3"


class DamagedWordsError(Exception):
    """The file is not what was written; whoever keeps the index makes it anew."""


def begin(folder: Path) -> None:
    """An empty list in a new folder."""
    with closing(sqlite3.connect(folder / _FILE, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE VIRTUAL TABLE words USING fts5(body, detail='none', tokenize='porter unicode61')")


def write(folder: Path, texts: Iterable[tuple[int, str]], oldest: int) -> None:
    """Put in (row of the verdict, text), in place of what was there; forget what is older than the row `oldest`.

    Raises DamagedWordsError, EdgevlError where the disk refuses.
    """
    with _opened(folder) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for row_id, text in texts:
            connection.execute("DELETE FROM words WHERE rowid = ?", (row_id,))
            connection.execute("INSERT INTO words (rowid, body) VALUES (?, ?)", (row_id, " ".join(terms(text))))
        connection.execute("DELETE FROM words WHERE rowid < ?", (oldest,))
        connection.execute("COMMIT")


def find(folder: Path, text: str, most: int) -> list[int]:
    """The rows whose text has terms of this one, best first (BM25), the newest first among equals.

    Raises as `write`.
    """
    expression = match(text)
    if not expression:
        return []
    with _opened(folder) as connection:
        rows = connection.execute(
            "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank, rowid DESC LIMIT ?", (expression, most)
        )
        return [row_id for (row_id,) in rows]


@contextmanager
def _opened(folder: Path) -> Iterator[sqlite3.Connection]:
    file = folder / _FILE
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=rw", uri=True, timeout=10.0)) as connection:
            connection.isolation_level = None
            yield connection
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if isinstance(error, sqlite3.Error) and file.is_file() and refusal(error, folder) is not None:
            raise EdgevlError(f"the search index {file} cannot be used now ({error}); is the disk full?") from error
        raise DamagedWordsError(str(error)) from error
