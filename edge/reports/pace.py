"""How many parts of a camera are written about: more than anybody reads, and less than a verdict would notice."""

from __future__ import annotations

from collections import deque

from camera.frame import Frame

# For long, and at once after a pause.
_PER_S = 2.0
_BURST = 10
# So many within a second resemble each other, and the line needs the machine: a report costs as much as ten verdicts,
# and what happens in more than a hundredth of the time is the 99th percentile of how long a verdict takes.
_FLOOD = 20
_FLOODED_PER_S = 0.5


class Pace:
    """Grants reports, camera by camera. One thread at a time."""

    def __init__(self) -> None:
        self._left: dict[str, float] = {}
        self._asked_ns: dict[str, deque[int]] = {}

    def grants(self, frame: Frame) -> bool:
        """Whether this part may be written about."""
        camera, now_ns = frame.source, frame.captured_ns
        asked_ns = self._asked_ns.setdefault(camera, deque(maxlen=_FLOOD))
        is_flooded = len(asked_ns) == _FLOOD and now_ns - asked_ns[0] < 1_000_000_000
        elapsed_s = max(0, now_ns - asked_ns[-1]) / 1e9 if asked_ns else 0.0
        asked_ns.append(now_ns)
        per_s = _FLOODED_PER_S if is_flooded else _PER_S
        left = min(_BURST, self._left.get(camera, _BURST) + elapsed_s * per_s)
        granted = left >= 1
        self._left[camera] = left - granted
        return granted
