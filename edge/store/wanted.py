"""Which of the stored verdicts somebody wants to see, and how that is said in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from edge.store.marks import MARKED_ROWS
from edge.verdict import Status


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which verdicts; None for any. `since` and `until` (aware) are about the capture, the second not included.

    marked: only those that a person has marked as wrong.
    """

    status: Status | None = None
    camera: str | None = None
    class_name: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    marked: bool = False

    def where(self, before_id: int | None = None) -> tuple[str, tuple[str | int, ...]]:
        """The condition in SQL, empty for none, and what is bound to it."""
        asked: dict[str, str | int | None] = {
            "status = ?": self.status,
            "camera = ?": self.camera,
            "class_name = ?": self.class_name,
            "captured_ns >= ?": None if self.since is None else nanoseconds(self.since),
            "captured_ns < ?": None if self.until is None else nanoseconds(self.until),
            "row_id < ?": before_id,
        }
        given = {condition: value for condition, value in asked.items() if value is not None}
        conditions = [*given, *([f"row_id IN ({MARKED_ROWS})"] if self.marked else [])]
        return f"WHERE {' AND '.join(conditions)}" if conditions else "", tuple(given.values())


def nanoseconds(moment: datetime) -> int:
    """Since 1970, as `Wanted` compares them. moment: aware."""
    return int((moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) / timedelta(microseconds=1)) * 1000
