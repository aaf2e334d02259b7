"""When a picture was really taken: a sender's own time stamps, carried over to this machine's monotonic clock."""

from __future__ import annotations

# Two quartz clocks differ by less; the offset may creep this fast to follow them apart.
_DRIFT = 2e-4
# A picture is not really so late: the sender's clock was set.
_MOST_LATE_NS = 60_000_000_000


class SenderClock:
    """Finds the time of capture from stamps on any clock that runs at the pace of ours. One thread.

    The picture that came fastest so far counts as not delayed at all; how much later than it any other came is how
    long that one lay in a cable, a queue or a driver. (The minimum filter of NTP, RFC 5905, section 10.)
    """

    def __init__(self) -> None:
        self._offset_ns: float | None = None
        self._last_ns = 0

    def captured_ns(self, stamp_ns: int, arrived_ns: int) -> int:
        """On the monotonic clock, never later than `arrived_ns`, the time the picture came."""
        offset_ns = arrived_ns - stamp_ns
        known_ns = self._offset_ns
        if known_ns is None or offset_ns < known_ns or offset_ns - known_ns > _MOST_LATE_NS:
            self._offset_ns = known_ns = offset_ns
        else:
            self._offset_ns = min(offset_ns, known_ns + _DRIFT * max(0, arrived_ns - self._last_ns))
        self._last_ns = arrived_ns
        return min(arrived_ns, stamp_ns + round(known_ns))
