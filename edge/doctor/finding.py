"""What the doctor says: a line for each thing it looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from rich.markup import escape
from rich.table import Table

# missing: inspection needs it. optional: it is not here, and only some lines need it.
State = Literal["ok", "optional", "warning", "missing"]

_STYLES: dict[State, str] = {"ok": "green", "optional": "dim", "warning": "yellow", "missing": "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's table. `fix` is a command or an action; empty where there is nothing to do."""

    what: str
    state: State
    detail: str
    fix: str = ""


def findings_table(findings: Iterable[Finding]) -> Table:
    """For the terminal: one row a finding."""
    table = Table("", "state")
    for words in ("detail", "what helps"):
        table.add_column(words, overflow="fold")  # a command cut off is no help
    for finding in findings:
        table.add_row(*(escape(text) for text in (finding.what, finding.state, finding.detail, finding.fix)))
        table.rows[-1].style = _STYLES[finding.state]
    return table
