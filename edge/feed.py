"""Publish the line's messages on ZeroMQ. Sending never waits: a slow reader loses, and sees the gap."""

from __future__ import annotations

import ipaddress
import itertools
import secrets
from collections.abc import Mapping
from datetime import datetime, timezone
from types import TracebackType
from urllib.parse import urlsplit

import zmq

from edge.errors import ConfigError

# Messages held for a slow reader, minutes of verdicts; beyond, ZeroMQ drops the newest for that one alone.
_SEND_HIGH_WATER = 5_000
_LINGER_MS = 500
_HEARTBEAT_MS = 1000


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
        self._context = zmq.Context()
        self._address = address
        try:
            self._socket = self._open()
        except ConfigError:
            self._context.term()
            raise
        self._newest: dict[str, bytes] = {}

    @property
    def address(self) -> str:
        """Where to subscribe; names the port that was chosen where the line file said `:*`."""
        return self._address

    def socket(self, kind: int) -> zmq.Socket[bytes]:
        """A socket beside this one, for the same peers: dead ones are noticed within seconds."""
        socket = self._context.socket(kind)
        keep_alive(socket)
        return socket

    def publish(self, topic: str, payload: bytes, jpeg: bytes | None = None) -> None:
        """Send one message to whoever listens. Does not wait."""
        if jpeg is None:
            self._newest[topic] = payload
        parts = [topic.encode(), payload] if jpeg is None else [topic.encode(), payload, jpeg]
        self._socket.send_multipart(parts, flags=zmq.NOBLOCK, copy=jpeg is None)

    def newest(self) -> Mapping[str, bytes]:
        """The newest message of every topic but pictures; from any thread."""
        return self._newest.copy()

    def close(self) -> None:
        """Give the last messages half a second to leave. Safe to call twice."""
        self._socket.close()
        self._context.term()

    def _open(self) -> zmq.Socket[bytes]:
        socket = self.socket(zmq.PUB)
        socket.setsockopt(zmq.SNDHWM, _SEND_HIGH_WATER)
        socket.setsockopt(zmq.LINGER, _LINGER_MS)
        try:
            self._address = bind(socket, self._address, "bind")
        except ConfigError:
            socket.close(linger=0)
            raise
        return socket

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


def keep_alive(socket: zmq.Socket[bytes]) -> None:
    """Notice a peer behind a cut cable: ZeroMQ asks it every second, and gives it up after three."""
    socket.setsockopt(zmq.HEARTBEAT_IVL, _HEARTBEAT_MS)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3 * _HEARTBEAT_MS)
    socket.setsockopt(zmq.HEARTBEAT_TTL, 3 * _HEARTBEAT_MS)
    socket.setsockopt(zmq.HANDSHAKE_IVL, 5 * _HEARTBEAT_MS)
    socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
    socket.setsockopt(zmq.TCP_KEEPALIVE_IDLE, 10)
    socket.setsockopt(zmq.TCP_KEEPALIVE_INTVL, 5)


def bind(socket: zmq.Socket[bytes], address: str, key: str) -> str:
    """Bind to an address that the line file gave as `key` in [feed]; the address with its port. Raises ConfigError."""
    check_local(address, key)
    socket.setsockopt(zmq.IPV6, int("[" in address))
    try:
        socket.bind(address)
    except zmq.ZMQError as error:
        raise ConfigError(
            f"cannot publish on {address} ({error.strerror}); choose another address as `{key}` in [feed]"
        ) from error
    return socket.getsockopt_string(zmq.LAST_ENDPOINT)


def beside(address: str) -> str:
    """The request socket's address where none is given: the feed's host, the next port."""
    head, _, port = address.rpartition(":")
    if port == "*" or not port.isdecimal():
        return address if port == "*" else f"{address}.requests"
    return f"{head}:{int(port) + 1}"


def check_local(address: str, key: str = "bind") -> None:
    """The feed has no keys yet, so only this machine may read it. Raises ConfigError."""
    if address.startswith("ipc://"):
        return
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme != "tcp" or not _is_loopback(host):
        raise ConfigError(
            f"the feed cannot be published on {address!r}: it has no keys, so it stays on this machine; "
            f"write `{key}` in [feed] as tcp://127.0.0.1:PORT or ipc://PATH"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
