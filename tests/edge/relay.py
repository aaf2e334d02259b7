"""A TCP relay between a client and a line, that can be cut like a cable or go silent like a firewall."""

from __future__ import annotations

import selectors
import socket
import threading
from urllib.parse import urlsplit


class Relay:
    """Listens on a port of its own; `cut` and `mend` as often as one likes."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "", parts.port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._is_cut = self._is_silent = self._is_over = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def cut(self, stall: bool) -> None:
        """stall: nobody is told; bytes just stop. Else connections break, and new ones break too."""
        with self._lock:
            self._is_cut, self._is_silent = not stall, stall
            if not stall:
                self._drop_all()

    def mend(self) -> None:
        """What was stalled is lost: those connections never come back."""
        with self._lock:
            self._drop_all()
            self._is_cut = self._is_silent = False

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._thread.join()
        self._drop_all()
        self._listener.close()

    def _run(self) -> None:
        while not self._is_over:
            with self._lock, selectors.DefaultSelector() as selector:
                for open_socket in (self._listener, *([] if self._is_silent else self._pairs)):
                    selector.register(open_socket, selectors.EVENT_READ)
                for key, _ in selector.select(0.01):
                    self._serve(key.fileobj)  # type: ignore[arg-type]

    def _serve(self, ready: socket.socket) -> None:
        if ready is self._listener:
            self._accept()
            return
        if ready not in self._pairs:
            return
        try:
            content = ready.recv(65536)
            if content:
                self._pairs[ready].sendall(content)
                return
        except OSError:
            pass
        self._drop(ready)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        if self._is_cut:
            near.close()
            return
        far = socket.create_connection(self._target)
        self._pairs[near], self._pairs[far] = far, near

    def _drop(self, one: socket.socket) -> None:
        other = self._pairs.pop(one)
        self._pairs.pop(other)
        one.close()
        other.close()

    def _drop_all(self) -> None:
        while self._pairs:
            self._drop(next(iter(self._pairs)))
