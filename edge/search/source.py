"""What the search index is made from: pages of verdicts, embeddings and reports, read beside a running line."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.messages import PartReport, Verdict

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A verdict with its embedding, float32, where one is kept that is of use."""

    row_id: int
    captured_ns: int
    verdict: Verdict
    embedding_D: NDArray[np.float32] | None


def pages(connection: sqlite3.Connection, after: int) -> Iterator[list[SourceRow]]:
    """Verdicts that are newer than the row `after`, oldest first."""
    embedding, join = "NULL", ""
    if has_table(connection, "embeddings"):
        embedding, join = "embedding", "LEFT JOIN embeddings USING (row_id)"
    while True:
        rows = connection.execute(
            f"SELECT row_id, captured_ns, payload, {embedding} FROM verdicts {join} WHERE row_id > ? "  # noqa: S608
            "ORDER BY row_id LIMIT ?",
            (after, PAGE),
        ).fetchall()
        if not rows:
            return
        yield [SourceRow(row, at, _VERDICT.decode(payload), _vector(blob)) for row, at, payload, blob in rows]
        after = rows[-1][0]


def row_bounds(connection: sqlite3.Connection) -> tuple[int, int]:
    """The oldest and the newest row; zeros where there are none."""
    oldest, newest = connection.execute("SELECT MIN(row_id), MAX(row_id) FROM verdicts").fetchone()
    return oldest or 0, newest or 0


def id_of(connection: sqlite3.Connection, row_id: int) -> str | None:
    """The id of the verdict of a row."""
    row = connection.execute("SELECT id FROM verdicts WHERE row_id = ?", (row_id,)).fetchone()
    return None if row is None else str(row[0])


def verdicts(connection: sqlite3.Connection, row_ids: Sequence[int]) -> dict[int, Verdict]:
    """The verdicts of some rows, at most some thousand; those that are gone are left out."""
    marks = ",".join("?" * len(row_ids))
    rows = connection.execute(
        f"SELECT row_id, payload FROM verdicts WHERE row_id IN ({marks})",  # noqa: S608
        tuple(int(row) for row in row_ids),
    )
    return {row_id: _VERDICT.decode(payload) for row_id, payload in rows}


def embeddings(connection: sqlite3.Connection, row_ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
    """The embeddings of some rows, at most some thousand; those without one are left out."""
    if not row_ids or not has_table(connection, "embeddings"):
        return {}
    marks = ",".join("?" * len(row_ids))
    rows = connection.execute(
        f"SELECT row_id, embedding FROM embeddings WHERE row_id IN ({marks})",  # noqa: S608
        tuple(int(row) for row in row_ids),
    )
    found = ((row_id, _vector(blob)) for row_id, blob in rows)
    return {row_id: vector for row_id, vector in found if vector is not None}


def reports_since(connection: sqlite3.Connection, after: int) -> tuple[int, list[tuple[int, PartReport]]]:
    """Ready reports newer than the report row `after`, with the row of their verdict; and the newest report row."""
    if not has_table(connection, "reports"):
        return 0, []
    (newest,) = connection.execute("SELECT COALESCE(MAX(row_id), 0) FROM reports").fetchone()
    rows = connection.execute(
        """SELECT verdicts.row_id, reports.payload FROM reports JOIN verdicts ON verdicts.id = reports.verdict_id
           WHERE reports.row_id > ? AND reports.row_id <= ? AND state = 'ready' ORDER BY reports.row_id""",
        (after, newest),
    )
    return newest, [(row_id, msgspec.json.decode(payload, type=PartReport)) for row_id, payload in rows]


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    """Whether the database is of an edgevl that knew this table."""
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone() is not None


def _vector(blob: bytes | None) -> NDArray[np.float32] | None:
    if blob is None or len(blob) % 2:
        return None
    vector_D = np.frombuffer(blob, "<f2").astype(np.float32)
    return vector_D if len(vector_D) and np.isfinite(vector_D).all() else None


_VERDICT = msgspec.json.Decoder(Verdict)
