"""What is planned for the reports of a line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.verdict import Status


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """Which parts get a report, and how long one may take.

    bundles: the folders of all that judge. languages: of the texts, such as `zh-TW`. statuses: the verdicts that are
    reported; none of them for no reports. queue: how many parts may wait; the next one is shed. expire_s: a report that
    is not there so long after its verdict is not wanted any more. hang_s: a process that has not answered for so long
    is ended.
    """

    bundles: tuple[Path, ...]
    languages: tuple[str, ...]
    statuses: frozenset[Status] = frozenset({"NG", "UNDECIDED"})
    queue: int = 16
    expire_s: float = 15.0
    hang_s: float = 20.0


NO_REPORTS = ReportPlan((), (), frozenset())
