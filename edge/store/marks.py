"""Which parts people have marked, in SQL and in figures. The newest mark of a verdict counts, also a withdrawal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from edge.messages import Truth
from edge.verdict import Status

# Rows of verdicts that are marked now; found from the marks, of which there are few.
MARKED_ROWS = """
    SELECT verdicts.row_id FROM marks JOIN verdicts ON verdicts.id = marks.verdict_id
    WHERE truth IS NOT NULL
      AND marks.row_id = (SELECT MAX(newest.row_id) FROM marks AS newest WHERE newest.verdict_id = marks.verdict_id)
"""
# How many of some verdicts are marked as what, per stretch of time. {where}: as of `Wanted.where`, `marked` among it.
COUNTED = """
    SELECT captured_ns / ?, status,
        (SELECT truth FROM marks WHERE verdict_id = verdicts.id ORDER BY marks.row_id DESC LIMIT 1), COUNT(*)
    FROM verdicts {where} GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class MarkCounts:
    """How many verdicts are marked as what. They are those that somebody saw: no estimate of how many are wrong.

    escapes: OK, and wrong. overkill: NG, and really good. other_class: NG, and really another defect.
    undecided: UNDECIDED, and somebody knows. unknown: wrong, and nobody says what else.
    """

    escapes: int = 0
    overkill: int = 0
    other_class: int = 0
    undecided: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        return self.escapes + self.overkill + self.other_class + self.undecided + self.unknown


def mark_counts(rows: Iterable[tuple[Status, Truth, int]]) -> MarkCounts:
    """Sum rows of (status, truth, number)."""
    sums: Counter[str] = Counter()
    for status, truth, number in rows:
        sums[_kind(status, truth)] += number
    return MarkCounts(**sums)


def added(parts: Iterable[MarkCounts]) -> MarkCounts:
    """The sum of counts."""
    sums: Counter[str] = Counter()
    for part in parts:
        sums.update(asdict(part))
    return MarkCounts(**sums)


def _kind(status: Status, truth: Truth) -> str:
    """What is judged OK, and wrong, is a defect, whether or not somebody says which."""
    if status == "OK":
        return "escapes"
    if truth == "unknown":
        return "unknown"
    if status == "UNDECIDED":
        return "undecided"
    return "overkill" if truth == "good" else "other_class"
