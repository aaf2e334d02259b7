"""Publish the line's messages on ZeroMQ. Sending never waits: a slow reader loses, and sees the gap."""

from __future__ import annotations

import ipaddress
import itertools
import secrets
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from types import TracebackType
from urllib.parse import urlsplit

import zmq

from edge.errors import ConfigError
from edge.feed.gate import Gate

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

    def __init__(self, address: str, gate: Gate | None = None, insecure: bool = False) -> None:
        """Bind. gate: asks readers for their keys. insecure: other machines may read without.

        Raises ConfigError where the address is taken, not understood, or open to other machines without either.
        """
        self._gate = gate
        self._may_leave = gate is not None or insecure
        self._renewing = threading.Event()
        self._context = zmq.Context()
        self._address = address
        if gate is not None:
            gate.attach(self._context)
        try:
            self._socket: zmq.Socket[bytes] | None = self._open()
        except ConfigError:
            self._end()
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
        if self._gate is not None:
            self._gate.secure(socket)
        return socket

    def bind(self, socket: zmq.Socket[bytes], address: str, key: str) -> str:
        """Bind a socket of ours to what the line file gave as `key` in [feed]; the address with its port.

        Raises ConfigError.
        """
        if not self._may_leave:
            check_local(address, key)
        return _bind(socket, address, key)

    def look_at_keys(self) -> bool:
        """Whether somebody was revoked; then sockets must be opened anew, this one with its next message."""
        if self._gate is None or not self._gate.look():
            return False
        self._renewing.set()
        return True

    def publish(self, topic: str, payload: bytes, jpeg: bytes | None = None) -> None:
        """Send one message to whoever listens. Does not wait."""
        if jpeg is None:
            self._newest[topic] = payload
        if self._renewing.is_set() or self._socket is None:
            self._renew()
        if self._socket is None:
            return  # its readers find the gap, and get what is stored
        parts = [topic.encode(), payload] if jpeg is None else [topic.encode(), payload, jpeg]
        self._socket.send_multipart(parts, flags=zmq.NOBLOCK, copy=jpeg is None)

    def newest(self) -> Mapping[str, bytes]:
        """The newest message of every topic but pictures; from any thread."""
        return self._newest.copy()

    def close(self) -> None:
        """Give the last messages half a second to leave. Safe to call twice."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._end()

    def _end(self) -> None:
        if self._gate is not None:
            self._gate.close()
        self._context.term()

    def _renew(self) -> None:
        """Hang up on everybody. The port is free a moment after a socket has closed: then with a later message."""
        self._renewing.clear()
        if self._socket is not None:
            self._socket.close(linger=0)
            self._socket = None
        with suppress(ConfigError):
            self._socket = self._open()

    def _open(self) -> zmq.Socket[bytes]:
        socket = self.socket(zmq.PUB)
        socket.setsockopt(zmq.SNDHWM, _SEND_HIGH_WATER)
        socket.setsockopt(zmq.LINGER, _LINGER_MS)
        try:
            self._address = self.bind(socket, self._address, "bind")
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


def _bind(socket: zmq.Socket[bytes], address: str, key: str) -> str:
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
    """Without keys only this machine may read the feed. Raises ConfigError."""
    if address.startswith("ipc://"):
        return
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme != "tcp" or not _is_loopback(host):
        raise ConfigError(
            f"the feed cannot be published on {address!r} without keys: other machines could read it; "
            f"write `{key}` in [feed] as tcp://127.0.0.1:PORT or ipc://PATH, or make keys with `edgevl keys new server`"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
