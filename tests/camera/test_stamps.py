"""A sender's time stamps on our clock, and a sender's numbers as ours."""

from __future__ import annotations

from camera.sequence import Sequence
from camera.stamps import SenderClock

MS = 1_000_000


def test_what_waited_on_the_way_is_known_to_be_old() -> None:
    """Frames taken every 40 ms: those that came late keep the time they were taken at, whatever the sender's epoch."""
    clock = SenderClock()
    delays = [5, 2, 2, 900, 860, 820, 3, 2]
    ages = []
    for number, delay in enumerate(delays):
        taken, arrived = number * 40 * MS, (10_000 + number * 40 + delay) * MS
        ages.append((arrived - clock.captured_ns(taken, arrived)) / MS)
    assert [round(age) for age in ages] == [0, 0, 0, 898, 858, 818, 1, 0]


def test_a_sender_whose_clock_runs_slow_does_not_seem_ever_later() -> None:
    """Ten minutes at 100 millionths too slow: no frame seems old."""
    clock = SenderClock()
    oldest = 0.0
    for number in range(0, 600_000, 40):
        arrived = round(number * 1.0001) * MS
        oldest = max(oldest, (arrived - clock.captured_ns(number * MS, arrived)) / MS)
    assert oldest < 2


def test_a_sender_whose_clock_is_set_begins_anew() -> None:
    """A jump in either direction costs no more than that one frame."""
    clock = SenderClock()
    clock.captured_ns(500_000 * MS, 10 * MS)
    assert clock.captured_ns(1 * MS, 50 * MS) == 50 * MS
    assert clock.captured_ns(900_000 * MS, 90 * MS) == 90 * MS


def test_a_sequence_keeps_gaps_and_never_goes_back() -> None:
    """A sender that wraps, begins again or does not count goes on by one."""
    sequence = Sequence()
    sent = [65530, 65532, 1, 2, None, None, 7, 9, 9]
    assert [sequence.next(number) for number in sent] == [0, 2, 3, 4, 5, 6, 7, 9, 10]
