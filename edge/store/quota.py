"""How many pictures the disk keeps: a running sum, so that keeping one more costs the same on a full shelf.

Good ones go first, then the oldest; those of parts whose verdict a person has marked as wrong only after all others,
for a model can learn from them. The newest SHIELDED stay whatever they show, for somebody is about to look at them;
only where these alone are too much do the oldest of them go as well, because the quota is a promise too.
"""

from __future__ import annotations

import sqlite3

SHIELDED = 20
# One look-up in the index of marks.
_MARKED = "(SELECT truth FROM marks WHERE verdict_id = verdicts.id ORDER BY marks.row_id DESC LIMIT 1) IS NOT NULL"


class PictureQuota:
    """The kept pictures of one database, against their limits. Used by the one who writes, inside its transaction."""

    def __init__(self, connection: sqlite3.Connection, most: int, most_bytes: int) -> None:
        self._connection = connection
        self._most = most
        self._most_bytes = most_bytes
        self.pictures = 0
        self.bytes = 0
        self.recount()

    def recount(self) -> None:
        """Read the sums anew: at the start, and after a transaction that was rolled back."""
        self.pictures, self.bytes = self._connection.execute(
            "SELECT COUNT(*), COALESCE(SUM(picture_bytes), 0) FROM verdicts WHERE picture IS NOT NULL"
        ).fetchone()

    def add(self, size_bytes: int) -> None:
        self.pictures += 1
        self.bytes += size_bytes

    def remove(self, size_bytes: int) -> None:
        self.pictures -= 1
        self.bytes -= size_bytes

    def make_room(self) -> list[str]:
        """Clear the notes of the pictures beyond the limits; these pictures, to be deleted after the commit."""
        if not self._is_over():
            return []
        shielded = self._oldest_shielded()
        unmarked = self._clear(shielded, f"NOT {_MARKED}")
        return [*unmarked, *self._clear(shielded), *self._clear(None)]

    def _is_over(self) -> bool:
        return self.pictures > self._most or self.bytes > self._most_bytes

    def _clear(self, below: int | None, condition: str = "TRUE") -> list[str]:
        """Forget pictures of rows `below`, None for any, until the limits are kept. condition: in SQL, of our own."""
        candidates = self._connection.execute(
            f"""SELECT row_id, picture, picture_bytes FROM verdicts
                WHERE picture IS NOT NULL AND row_id < ? AND {condition} ORDER BY status != 'OK', row_id""",  # noqa: S608
            (2**63 - 1 if below is None else below,),
        )
        # A cursor that is read while its rows change may skip some, so the few that must go are collected first.
        gone: list[tuple[int, str]] = []
        while self._is_over() and (row := candidates.fetchone()) is not None:
            row_id, relative, size_bytes = row
            gone.append((row_id, relative))
            self.remove(size_bytes)
        candidates.close()
        self._connection.executemany(
            "UPDATE verdicts SET picture = NULL, picture_bytes = NULL WHERE row_id = ?",
            [(row_id,) for row_id, _ in gone],
        )
        return [relative for _, relative in gone]

    def _oldest_shielded(self) -> int:
        """The row of the oldest picture that is not to go; of few allowed pictures, half are shielded."""
        number = min(SHIELDED, self._most // 2)
        rows = self._connection.execute(
            """SELECT row_id FROM (SELECT row_id FROM verdicts WHERE picture IS NOT NULL AND (status != 'OK') = 0
                                   ORDER BY row_id DESC LIMIT ?)
               UNION ALL
               SELECT row_id FROM (SELECT row_id FROM verdicts WHERE picture IS NOT NULL AND (status != 'OK') = 1
                                   ORDER BY row_id DESC LIMIT ?)
               ORDER BY row_id DESC LIMIT ?""",
            (number, number, number),
        ).fetchall()
        return int(rows[-1][0]) if rows else 2**63 - 1
