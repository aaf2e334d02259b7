"""Frame numbers for a source that is told the sender's own."""

from __future__ import annotations


class Sequence:
    """Counts from 0, keeps the sender's gaps, and goes on where the sender's number wraps or begins again."""

    def __init__(self) -> None:
        self._seq = -1
        self._sent: int | None = None

    def next(self, sent: int | None) -> int:
        """The number of the next frame. `sent`: what the sender calls it, None where it does not count."""
        goes_on = sent is not None and self._sent is not None and sent > self._sent
        self._seq += sent - self._sent if goes_on and sent is not None and self._sent is not None else 1
        self._sent = sent
        return self._seq
