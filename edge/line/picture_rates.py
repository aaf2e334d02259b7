"""How many live pictures a second each camera sends: what the line file says, or more while somebody asks for more."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

# Who asks under ever new names must not fill the memory.
_MOST_LEASES = 200


class TooManyLeasesError(Exception):
    """No more can ask for pictures now; one sentence."""


@dataclass(frozen=True, slots=True)
class _Lease:
    hz: float
    until: float


class PictureRates:
    """Safe from any thread. A rate that was asked for ends by itself, for who asked may have died."""

    def __init__(self, base_hz: float) -> None:
        """base_hz: sent without being asked; 0 sends none."""
        self._base_hz = base_hz
        self._lock = threading.Lock()
        self._leases: dict[tuple[str, bytes], _Lease] = {}

    def hz(self, camera: str) -> float:
        """The highest rate that anyone wants of this camera."""
        if not self._leases:
            return self._base_hz
        with self._lock:
            self._forget_expired()
            return max([self._base_hz, *(lease.hz for (of, _), lease in self._leases.items() if of == camera)])

    def lease(self, camera: str, holder: bytes, hz: float, seconds: float) -> float:
        """Ask for a rate, in place of what this holder asked for before; the rate that now holds.

        Raises TooManyLeasesError.
        """
        with self._lock:
            self._forget_expired()
            self._leases.pop((camera, holder), None)
            if len(self._leases) >= _MOST_LEASES:
                raise TooManyLeasesError(f"{_MOST_LEASES} others ask for pictures already; ask again later")
            if hz:
                self._leases[camera, holder] = _Lease(hz, time.monotonic() + seconds)
        return self.hz(camera)

    def _forget_expired(self) -> None:
        now = time.monotonic()
        for key in [key for key, lease in self._leases.items() if lease.until < now]:
            del self._leases[key]
