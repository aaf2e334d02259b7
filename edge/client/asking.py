"""The client's side of the request socket: one question at a time, asked again where no answer comes."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import msgspec
import zmq

from edge.errors import EdgevlError
from edge.feed.keys import ClientKeys
from edge.feed.publisher import keep_alive
from edge.requests.messages import Answer, ErrorAnswer, Request, decode_answer, encode_request

# An answer takes milliseconds; beyond this the question or its answer was lost with a connection.
_ANSWER_S = 2.0


class RequestRefusedError(EdgevlError):
    """The line answered with an error, or not at all."""


class Asking:
    """Asks without waiting: `ask`, then `answer` until it is there. One thread."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], keys: ClientKeys | None = None) -> None:
        self._context = context
        self._keys = keys
        self._address = ""
        self._asked: Request | None = None
        self._asked_at = 0.0
        self.socket: zmq.Socket[bytes] | None = None

    @property
    def is_free(self) -> bool:
        return self._asked is None

    @property
    def address(self) -> str:
        return self._address

    def connect(self, address: str) -> None:
        """Where to ask from now on; a question that is under way is asked there again."""
        if address != self._address:
            self._address = address
            self._renew()

    def ask(self, request: Request) -> None:
        """Send a question; there must be an address, and no other question."""
        self._asked = request
        self._send()

    def answer(self) -> tuple[Answer, list[bytes]] | None:
        """The answer with the messages behind it, None while there is none. Asks again when it takes too long."""
        if self._asked is None or self.socket is None:
            return None
        while self.socket.poll(0):
            found = _answer_to(self._asked, self.socket.recv_multipart())
            if found is not None:
                self._asked = None
                return found
        if time.monotonic() > self._asked_at + _ANSWER_S:
            self._renew()
        return None

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close(linger=0)
            self.socket = None

    def _renew(self) -> None:
        """A new connection: what the old one still had to say is of no use."""
        self.close()
        self.socket = self._context.socket(zmq.DEALER)
        keep_alive(self.socket)
        if self._keys is not None:
            self._keys.secure(self.socket)
        self.socket.setsockopt(zmq.IPV6, int("[" in self._address))
        self.socket.connect(self._address)
        if self._asked is not None:
            self._send()

    def _send(self) -> None:
        self._asked_at = time.monotonic()
        if self.socket is not None and self._asked is not None:
            self.socket.send(encode_request(self._asked))


def _answer_to(request: Request, parts: list[bytes]) -> tuple[Answer, list[bytes]] | None:
    try:
        answer = decode_answer(parts[0])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return (answer, parts[1:]) if answer.id == request.id or isinstance(answer, ErrorAnswer) else None


def ask(
    address: str, request: Request, timeout_s: float = 5.0, keys: ClientKeys | None = None
) -> tuple[Answer, list[bytes]]:
    """Ask one thing of a line's request socket, such as pictures or a trigger; the answer and the messages behind it.

    Raises RequestRefusedError where the answer is an error, or none comes in time.
    """
    context = zmq.Context()
    asking = Asking(context, keys)
    try:
        asking.connect(address)
        asking.ask(request)
        deadline = time.monotonic() + timeout_s
        while (found := asking.answer()) is None:
            if time.monotonic() > deadline:
                raise RequestRefusedError(
                    f"nothing answers at {address}; is the line running, and is this its `requests`?"
                )
            assert asking.socket is not None
            asking.socket.poll(100)
    finally:
        asking.close()
        context.term()
    if isinstance(found[0], ErrorAnswer):
        raise RequestRefusedError(found[0].detail)
    return found


def reachable(requests: str, feed: str) -> str:
    """The request address as seen from here: a line that listens everywhere is asked where its feed is read."""
    if urlsplit(requests).hostname not in ("0.0.0.0", "::"):  # noqa: S104 - it is compared, not bound
        return requests
    return f"{feed.rpartition(':')[0]}:{requests.rpartition(':')[2]}"
