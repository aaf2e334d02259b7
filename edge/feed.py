"""Publish the line's messages on ZeroMQ. Sending never waits: a slow reader loses, and sees the gap."""

from __future__ import annotations

import ipaddress
import itertools
import secrets
from datetime import datetime, timezone
from types import TracebackType
from urllib.parse import urlsplit

import zmq

from edge.errors import ConfigError

# Messages held for a slow reader, minutes of verdicts; beyond, ZeroMQ drops the newest for that one alone.
_SEND_HIGH_WATER = 5_000
_LINGER_MS = 500


def new_epoch() -> str:
    """The name of one start of the service. Sorts by time; the random part tells two lines apart."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


class Numbers:
    """The next number of every topic within one epoch. Each topic belongs to one thread."""

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self._counts: dict[str, itertools.count[int]] = {}

    def next(self, topic: str) -> int:
        return next(self._counts.setdefault(topic, itertools.count()))


class Publisher:
    """The feed's PUB socket. Made anywhere, used by one thread, closed when that thread is done."""

    def __init__(self, address: str) -> None:
        """Bind. Raises ConfigError where the address is not local, not understood, or taken."""
        check_local(address)
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        self._socket.setsockopt(zmq.SNDHWM, _SEND_HIGH_WATER)
        self._socket.setsockopt(zmq.LINGER, _LINGER_MS)
        self._socket.setsockopt(zmq.IPV6, int("[" in address))
        try:
            self._socket.bind(address)
        except zmq.ZMQError as error:
            self.close()
            raise ConfigError(
                f"cannot publish on {address} ({error.strerror}); choose another address as `bind` in [feed]"
            ) from error
        self._address = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)

    @property
    def address(self) -> str:
        """Where to subscribe; names the port that was chosen where the line file said `:*`."""
        return self._address

    def publish(self, topic: str, payload: bytes, jpeg: bytes | None = None) -> None:
        """Send one message to whoever listens. Does not wait."""
        parts = [topic.encode(), payload] if jpeg is None else [topic.encode(), payload, jpeg]
        self._socket.send_multipart(parts, flags=zmq.NOBLOCK, copy=jpeg is None)

    def close(self) -> None:
        """Give the last messages half a second to leave. Safe to call twice."""
        self._socket.close()
        self._context.term()

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


def check_local(address: str) -> None:
    """The feed has no keys yet, so only this machine may read it. Raises ConfigError."""
    if address.startswith("ipc://"):
        return
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme != "tcp" or not _is_loopback(host):
        raise ConfigError(
            f"the feed cannot be published on {address!r}: it has no keys, so it stays on this machine; "
            "write `bind` in [feed] as tcp://127.0.0.1:PORT or ipc://PATH"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
