"""The gate of a line's sockets: CURVE, and a list of allowed keys that may change while the line runs.

ZeroMQ asks about a key only when a reader connects. So where a key is revoked, the sockets are opened anew: everybody
reconnects, and the revoked one is not let in again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import zmq
from zmq.auth.thread import ThreadAuthenticator

from edge.feed.keys import SERVER, KeysError, allowed, new_pair, read_pair, write_public

_DOMAIN = "edgevl"
_LOOK_S = 1.0
# A stranger tries again and again; of each only the first try is said.
_MOST_STRANGERS = 100


class Gate:
    """Who is let in. `look` now and then; use one gate for one ZeroMQ context."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        """Raises KeysError where the line's own key or one of those allowed cannot be used."""
        self._folder = folder
        self._say = say
        self._server = read_pair(folder, SERVER)
        self._listed = frozenset(allowed(folder).values())
        self._household: frozenset[bytes] = frozenset()
        self._strangers: set[bytes] = set()
        self._authenticator: ThreadAuthenticator | None = None
        self._looked = time.monotonic()
        self._complaint = ""

    def new_member(self, folder: Path, name: str) -> Path:
        """Let in a process of our own, whatever the list says; the folder with its keys, for `read_client_keys`."""
        for old in (f"{name}.key", f"{name}.key_secret", f"{SERVER}.key"):
            (folder / old).unlink(missing_ok=True)
        self._household |= {new_pair(folder, name).public}
        write_public(folder, SERVER, self._server.public)
        return folder

    def attach(self, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        """Guard the sockets of a context, before they are bound."""
        # pyzmq says every refusal, at every try.
        quiet = logging.getLogger("edgevl.zap")
        quiet.setLevel(logging.CRITICAL)
        self._authenticator = ThreadAuthenticator(context, log=quiet)
        self._authenticator.start()
        self._authenticator.configure_curve_callback(_DOMAIN, self)

    def secure(self, socket: zmq.Socket[bytes]) -> None:
        """Before `bind`."""
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._server.secret)
        socket.setsockopt_string(zmq.ZAP_DOMAIN, _DOMAIN)

    def callback(self, _domain: str, key: bytes) -> bool:
        """Called by the authenticator's thread: whether this key is let in."""
        if key in self._listed or key in self._household:
            return True
        if key not in self._strangers and len(self._strangers) < _MOST_STRANGERS:
            self._strangers.add(key)
            self._say(f"a reader of the feed was refused: its key {key.decode(errors='replace')} is not allowed")
        return False

    def look(self) -> bool:
        """Read the list again, once a second at most; True where somebody was revoked.

        A list that cannot be read leaves things as they are, and is said once.
        """
        now = time.monotonic()
        if now < self._looked + _LOOK_S:
            return False
        self._looked = now
        try:
            listed = frozenset(allowed(self._folder).values())
        except KeysError as error:
            if str(error) != self._complaint:
                self._say(f"the list of allowed keys stays as it was: {error}")
            self._complaint = str(error)
            return False
        self._complaint = ""
        revoked, self._listed = self._listed - listed, listed
        return bool(revoked)

    def close(self) -> None:
        if self._authenticator is not None:
            self._authenticator.stop()
            self._authenticator = None
