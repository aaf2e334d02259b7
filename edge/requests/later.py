"""Answers that were not there at once, on their way to the thread that has the socket."""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import suppress


class Later:
    """Answers that were not there at once, until the socket's thread sends them. `put` from any thread."""

    def __init__(self) -> None:
        self._ready: deque[list[bytes]] = deque()
        self._lock = threading.Lock()
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._is_open = True

    def fileno(self) -> int:
        """Readable when there is one."""
        return self._bell

    def put(self, parts: list[bytes]) -> None:
        with self._lock:
            if self._is_open:
                self._ready.append(parts)
                os.eventfd_write(self._bell, 1)

    def take(self) -> list[list[bytes]]:
        """All that are there."""
        with self._lock:
            with suppress(BlockingIOError):
                os.eventfd_read(self._bell)
            taken = list(self._ready)
            self._ready.clear()
        return taken

    def close(self) -> None:
        with self._lock:
            self._is_open = False
            os.close(self._bell)
