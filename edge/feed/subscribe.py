"""Read the feed from another process: decode, count what was lost, never fall over on rubbish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType

import msgspec
import zmq

from edge.errors import ConfigError
from edge.feed.keys import ClientKeys
from edge.feed.publisher import keep_alive
from edge.messages import Message, Picture, decode

# Bounds what a flood costs; the publisher's queue is bounded too.
_RECEIVE_HIGH_WATER = 10_000

Received = tuple[Message, "bytes | None"]


class MalformedMessageError(Exception):
    """What came is no message of the feed."""


@dataclass(frozen=True, slots=True)
class FeedStatistics:
    """What came and what did not.

    received: messages handed out.
    lost: numbers that were skipped within a topic.
    restarts: new epochs on a known topic.
    malformed: messages that are not as the schema says, and were skipped.
    """

    received: int
    lost: int
    restarts: int
    malformed: int


class Subscription:
    """A connection to one feed. Use it in one thread, as a context manager or with `close`."""

    def __init__(self, address: str, topics: Sequence[str] = ("",), keys: ClientKeys | None = None) -> None:
        """Connects in the background, so a publisher that starts later is found. Raises ConfigError."""
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        keep_alive(self._socket)
        if keys is not None:
            keys.secure(self._socket)
        self._socket.setsockopt(zmq.IPV6, int("[" in address))
        self._socket.setsockopt(zmq.RCVHWM, _RECEIVE_HIGH_WATER)
        self._last: dict[str, tuple[str, int]] = {}
        self._received = self._lost = self._restarts = self._malformed = 0
        for topic in topics:
            self._socket.setsockopt_string(zmq.SUBSCRIBE, topic)
        try:
            self._socket.connect(address)
        except zmq.ZMQError as error:
            self.close()
            raise ConfigError(
                f"{address!r} is not an address of a feed ({error.strerror}); write it as tcp://127.0.0.1:5560"
            ) from error

    def receive(self, timeout_s: float) -> Received | None:
        """The next message with its JPEG where it is a picture; None when none came within `timeout_s`."""
        while self._socket.poll(int(timeout_s * 1000)):
            received = self._decoded(self._socket.recv_multipart())
            if received is not None:
                return received
        return None

    def __iter__(self) -> Iterator[Received]:
        """Messages for ever."""
        while True:
            received = self.receive(timeout_s=3600)
            if received is not None:
                yield received

    def statistics(self) -> FeedStatistics:
        return FeedStatistics(self._received, self._lost, self._restarts, self._malformed)

    def close(self) -> None:
        self._socket.close()
        self._context.term()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _decoded(self, parts: list[bytes]) -> Received | None:
        """Topic, JSON and perhaps a JPEG; anything else is counted and skipped."""
        try:
            message, jpeg = parse(parts)
        except MalformedMessageError:
            self._malformed += 1
            return None
        self._follow(message)
        self._received += 1
        return message, jpeg

    def _follow(self, message: Message) -> None:
        """Compare the message's number with the last of its topic. A late joiner has lost nothing yet."""
        epoch, number = self._last.get(message.topic, (message.epoch, message.number - 1))
        if epoch != message.epoch:
            self._restarts += 1
            self._lost += message.number
        else:
            self._lost += max(0, message.number - number - 1)
        self._last[message.topic] = (message.epoch, message.number)


def parse(parts: list[bytes]) -> Received:
    """The frames of one ZeroMQ message -> what they say. Raises MalformedMessageError."""
    try:
        topic, body, *rest = parts
        message = parse_body(body)
        # A picture carries exactly one attachment, everything else none.
        (jpeg,) = rest if isinstance(message, Picture) else [*rest, None]
    except ValueError as error:
        raise MalformedMessageError(str(error)) from error
    if topic != message.topic.encode():
        raise MalformedMessageError(f"the topic {topic!r} carries a message of {message.topic!r}")
    return message, jpeg


def parse_body(body: bytes) -> Message:
    """The JSON of a message -> what it says. Raises MalformedMessageError."""
    try:
        return decode(body)
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise MalformedMessageError(str(error)) from error


def subscribe(address: str, topics: Sequence[str] = ("",), keys: ClientKeys | None = None) -> Subscription:
    """Open a feed: `for message, jpeg in subscribe("tcp://127.0.0.1:5560", ["verdict/"]): ...`."""
    return Subscription(address, topics, keys)
