"""What a client has received, and what it has not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """Figures since the client was made.

    received: verdicts handed on. repaired: those that came by replay. missing: verdicts that were numbered but are
    nowhere to be had. unknown_gaps: times when the store no longer knew where we had stopped, so that nobody can say
    what is missing. duplicates: left out. superseded: reports and pictures lost, which newer ones replace. restarts:
    new starts of the service that were seen. malformed: what was no message.
    """

    received: int = 0
    repaired: int = 0
    missing: int = 0
    unknown_gaps: int = 0
    duplicates: int = 0
    superseded: int = 0
    restarts: int = 0
    malformed: int = 0

    @property
    def total(self) -> int:
        """How many verdicts there were, as far as can be known."""
        return self.received + self.missing

    def __str__(self) -> str:
        unknown = f", and {self.unknown_gaps} gaps of unknown length" if self.unknown_gaps else ""
        return f"{self.missing} missing of {self.total}{unknown}"
