"""The request socket: a ROUTER that answers, in a thread of its own, whatever a line can be asked.

It never touches the verdict path: it reads the disk over its own connection, a page at a time, and hands triggers to a
queue that refuses when it is full.
"""

from __future__ import annotations

import threading
import time
from types import TracebackType

import zmq

from edge.errors import ConfigError
from edge.feed.publisher import Publisher
from edge.requests.clerk import Clerk
from edge.requests.desk import Desk
from edge.requests.later import Later

# A request is a few hundred bytes; ZeroMQ hangs up on a peer that sends more in one frame.
MOST_BYTES = 64_000
# All peers together: beyond, requests wait in their sockets, and this thread leaves the processor to the line.
_PAUSE_S = 0.002
_POLL_MS = 200
_QUEUE = 500


class RequestServer:
    """Made, it is bound; `start` answers; `close` ends. Close it before the publisher whose ZeroMQ context it uses."""

    def __init__(self, address: str, publisher: Publisher) -> None:
        """Raises ConfigError where the address cannot be had."""
        self._publisher = publisher
        self._address = address
        self._socket = self._open()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """Where to ask; names the port that was chosen where the line file said `:*`."""
        return self._address

    def start(self, desk: Desk) -> None:
        self._thread = threading.Thread(target=self._run, args=(desk,), name="requests", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Safe to call twice."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._socket.close(linger=0)

    def __enter__(self) -> RequestServer:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _open(self) -> zmq.Socket[bytes]:
        socket = self._publisher.socket(zmq.ROUTER)
        socket.setsockopt(zmq.MAXMSGSIZE, MOST_BYTES)
        socket.setsockopt(zmq.RCVHWM, _QUEUE)
        socket.setsockopt(zmq.SNDHWM, _QUEUE)
        try:
            self._address = self._publisher.bind(socket, self._address, "requests")
        except ConfigError:
            socket.close(linger=0)
            raise
        return socket

    def _run(self, desk: Desk) -> None:
        later = Later()
        clerk = Clerk(desk, later.put)
        try:
            while not self._stop.is_set():
                if self._publisher.look_at_keys():
                    self._renew()
                poller = zmq.Poller()
                poller.register(self._socket, zmq.POLLIN)
                poller.register(later.fileno(), zmq.POLLIN)
                rung = dict(poller.poll(_POLL_MS))
                for parts in later.take():
                    self._send(parts)
                if self._socket in rung:
                    answer = clerk.answer(self._socket.recv_multipart())
                    if answer is not None:
                        self._send(answer)
                    time.sleep(_PAUSE_S)
        finally:
            later.close()
            clerk.close()

    def _renew(self) -> None:
        """Hang up on everybody, for somebody was revoked. The port is free a moment after a socket has closed."""
        self._socket.close(linger=0)
        while not self._stop.wait(0.02):
            try:
                self._socket = self._open()
            except ConfigError:
                continue
            return

    def _send(self, parts: list[bytes]) -> None:
        try:
            self._socket.send_multipart(parts, flags=zmq.NOBLOCK)
        except zmq.ZMQError:
            return  # it has gone, or does not read its answers
