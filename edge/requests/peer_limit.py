"""How often each peer may ask. One that asks more is told so, and does not take the others' turn."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

# A peer under ever new names has each of them forgotten again.
_MOST_PEERS = 1000


class PeerLimit:
    """A token bucket a peer: `burst` at once, then `per_s`. Use it in one thread."""

    def __init__(self, per_s: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._burst = burst
        self._now = now
        self._peers: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def wait_s(self, peer: bytes) -> float:
        """Take a token: 0.0 where there was one, else how long until there will be."""
        now = self._now()
        left, since = self._peers.pop(peer, (float(self._burst), now))
        left = min(float(self._burst), left + (now - since) * self._per_s)
        granted = left >= 1
        self._peers[peer] = (left - granted, now)
        if len(self._peers) > _MOST_PEERS:
            self._peers.popitem(last=False)
        return 0.0 if granted else (1 - left) / self._per_s
