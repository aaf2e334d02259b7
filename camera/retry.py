"""How long to wait before a camera that is down is tried again."""

from __future__ import annotations

FIRST_S = 0.5
LONGEST_S = 30.0


def backoff_s(attempt: int) -> float:
    """Seconds to wait after failed attempt number `attempt`, from 0: 0.5, 1, 2, ... and never more than 30."""
    doublings = min(max(attempt, 0), 16)  # beyond, the cap has long been reached
    return min(LONGEST_S, FIRST_S * 2.0**doublings)
