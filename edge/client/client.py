"""The feed without a gap: live messages, and what was lost of them from the line's store."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from types import TracebackType

import zmq
import zmq.asyncio

from edge.client.account import Account
from edge.client.asking import Asking, reachable
from edge.client.follower import Follower
from edge.client.position import Position
from edge.errors import ConfigError
from edge.feed.keys import ClientKeys
from edge.feed.publisher import keep_alive
from edge.feed.subscribe import MalformedMessageError, Received, parse, parse_body
from edge.messages import LineReport, Message
from edge.requests.messages import (
    Answer,
    ErrorAnswer,
    Mark,
    ReplayAnswer,
    SnapshotAnswer,
    SnapshotRequest,
    is_stored,
)

_RECEIVE_HIGH_WATER = 10_000
# How long we sleep at most, so that a lost answer is noticed; and how long a gap gets to fill by itself.
_TICK_MS = 200
_GAP_S = 0.25
# A line that lives says so every second.
_SILENT_S = 5.0


class Client:
    """A subscriber to one line. Use it in one thread or one event loop; close it, or use it as a context manager."""

    def __init__(
        self,
        address: str,
        topics: Sequence[str] = ("verdict/",),
        position: Position | None = None,
        requests: str | None = None,
        keys: ClientKeys | None = None,
    ) -> None:
        """address: the feed. topics: prefixes of the topics that are wanted.

        position: go on where an earlier client stopped; without it, with what comes now. requests: the line's request
        socket, where the one that it names itself cannot be reached from here. Connects in the background, and for
        ever. keys: of a line that asks for keys; see `edge.feed.keys.read_client_keys`. Raises ConfigError where an
        address is none.
        """
        self._address = address
        self._topics = tuple(topics)
        self._told_requests = requests is None
        self._position = dict(position or {})
        self._followers = {topic: Follower(topic, at) for topic, at in self._position.items()}
        self._joined = position is not None
        self._snapshot: tuple[Message, ...] = ()
        self._ready: deque[tuple[Received, Mark | None]] = deque()
        self._numbers: dict[str, tuple[str, int]] = {}
        self._epoch: str | None = None
        self._received = self._superseded = self._restarts = self._malformed = 0
        self._not_before = 0.0
        self._context = zmq.Context()
        self._keys = keys
        self._heard = time.monotonic()
        self._asking = Asking(self._context, keys)
        self._feed = self._context.socket(zmq.SUB)
        try:
            self._connect()
            if requests is not None:
                self._asking.connect(requests)
        except zmq.ZMQError as error:
            self.close()
            raise ConfigError(
                f"{requests or address!r} is not an address of a feed ({error.strerror}); write it as "
                "tcp://127.0.0.1:5560"
            ) from error

    @property
    def account(self) -> Account:
        """What came and what did not, until now."""
        followers = self._followers.values()
        return Account(
            received=self._received,
            repaired=sum(f.repaired for f in followers),
            missing=sum(f.missing for f in followers),
            unknown_gaps=sum(f.unknown_gaps for f in followers),
            duplicates=sum(f.duplicates for f in followers),
            superseded=self._superseded,
            restarts=self._restarts,
            malformed=self._malformed,
        )

    @property
    def position(self) -> Position:
        """Behind the last message that was handed out; save it once that message has been dealt with."""
        return dict(self._position)

    @property
    def snapshot(self) -> tuple[Message, ...]:
        """The line as it was when this client joined: reports, and the newest verdict of each camera."""
        return self._snapshot

    @property
    def silent_socket(self) -> str | None:
        """The request socket, while it has never answered: until then no verdict is handed out. None once it has."""
        return None if self._joined else self._asking.address

    def receive(self, timeout_s: float) -> Received | None:
        """The next message with its JPEG where it is a picture; None when none came within `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while not self._ready:
            self._advance()
            left_s = deadline - time.monotonic()
            if not self._ready:
                if left_s <= 0:
                    return None
                poller = zmq.Poller()
                self._watch(poller)
                poller.poll(min(int(left_s * 1000) + 1, _TICK_MS))
        return self._hand_out()

    def __iter__(self) -> Iterator[Received]:
        """Messages for ever."""
        while True:
            received = self.receive(timeout_s=3600)
            if received is not None:
                yield received

    def __aiter__(self) -> Client:
        return self

    async def __anext__(self) -> Received:
        """Nothing is lost where the waiting task is cancelled: a message is taken only when it is returned."""
        while not self._ready:
            self._advance()
            if not self._ready:
                poller = zmq.asyncio.Poller()
                self._watch(poller)
                await poller.poll(_TICK_MS)
        return self._hand_out()

    def close(self) -> None:
        """Safe to call twice."""
        self._feed.close(linger=0)
        self._asking.close()
        self._context.term()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _connect(self) -> None:
        keep_alive(self._feed)
        if self._keys is not None:
            self._keys.secure(self._feed)
        self._feed.setsockopt(zmq.IPV6, int("[" in self._address))
        self._feed.setsockopt(zmq.RCVHWM, _RECEIVE_HIGH_WATER)
        self._feed.setsockopt(zmq.RECONNECT_IVL_MAX, 2000)
        # The heartbeat says where to ask, and what there is that we have not heard of.
        for topic in {*self._topics, "line/"}:
            self._feed.setsockopt_string(zmq.SUBSCRIBE, topic)
        self._feed.connect(self._address)

    def _reconnect(self) -> None:
        """A line that has refused our key is not asked again by ZeroMQ itself; it may allow the key later."""
        self._heard = time.monotonic()
        self._feed.close(linger=0)
        self._feed = self._context.socket(zmq.SUB)
        self._connect()

    def _watch(self, poller: zmq.Poller) -> None:
        poller.register(self._feed, zmq.POLLIN)
        if self._asking.socket is not None:
            poller.register(self._asking.socket, zmq.POLLIN)

    def _hand_out(self) -> Received:
        received, at = self._ready.popleft()
        if at is not None:
            self._position[received[0].topic] = at
            self._received += 1
        return received

    def _advance(self) -> None:
        """Take what has come, as far as something is ready; never waits."""
        answered = self._asking.answer()
        if answered is not None:
            self._take_answer(*answered)
        while not self._ready and self._feed.poll(0):
            self._take_frames(self._feed.recv_multipart())
        if not self._ready and time.monotonic() > self._heard + _SILENT_S:
            self._reconnect()
        if self._asking.is_free and self._asking.address and time.monotonic() >= self._not_before:
            self._ask()

    def _ask(self) -> None:
        """The next question, if there is one: first where the line is, then for each topic that is behind."""
        if not self._joined:
            self._asking.ask(SnapshotRequest())
            return
        behind = [follower for follower in self._followers.values() if follower.behind]
        if behind:
            # Whose gap does not fill must not keep the others waiting.
            self._asking.ask(min(behind, key=lambda follower: follower.tries).request())

    def _take_frames(self, parts: list[bytes]) -> None:
        self._heard = time.monotonic()
        try:
            message, jpeg = parse(parts)
        except MalformedMessageError:
            self._malformed += 1
            return
        self._take(message, jpeg)

    def _take(self, message: Message, jpeg: bytes | None) -> None:
        if isinstance(message, LineReport):
            self._take_heartbeat(message)
        if is_stored(message.topic):
            if self._joined:
                follower = self._follower(message.topic)
                self._make_ready(follower.live(message))
        elif message.topic.startswith(self._topics):
            self._count(message)
            self._ready.append(((message, jpeg), None))

    def _take_heartbeat(self, report: LineReport) -> None:
        if self._told_requests and report.requests:
            self._asking.connect(reachable(report.requests, self._address))
        if report.epoch != self._epoch:
            self._restarts += self._epoch is not None
            self._epoch = report.epoch
            # The end of the last epoch may have been lost, with no message after it to show the gap.
            for follower in self._followers.values():
                follower.behind = True
        if self._joined:
            for topic, number in report.last.items():
                if topic.startswith(self._topics) and is_stored(topic):
                    self._follower(topic).told(Mark(report.epoch, number))

    def _take_answer(self, answer: Answer, payloads: list[bytes]) -> None:
        match answer:
            case ErrorAnswer():
                self._not_before = time.monotonic() + max(answer.retry_ms / 1000, _GAP_S)
            case SnapshotAnswer():
                self._joined = True
                self._snapshot = tuple(self._parsed(payloads))
                for topic, mark in answer.marks.items():
                    if topic.startswith(self._topics):
                        at = self._position[topic] = Mark(mark.epoch, mark.number + 1)
                        self._followers[topic] = Follower(topic, at)
            case ReplayAnswer():
                follower = self._follower(answer.topic)
                due = follower.page(answer, self._parsed(payloads))
                self._make_ready(due)
                if follower.tries:
                    self._not_before = time.monotonic() + _GAP_S

    def _parsed(self, payloads: Sequence[bytes]) -> list[Message]:
        try:
            return [parse_body(payload) for payload in payloads]
        except MalformedMessageError:
            self._malformed += 1
            return []

    def _follower(self, topic: str) -> Follower:
        """A topic that nobody knew when we joined is wanted from its beginning."""
        return self._followers.setdefault(topic, Follower(topic, None))

    def _make_ready(self, due: Sequence[Message]) -> None:
        for message in due:
            self._ready.append(((message, None), Mark(message.epoch, message.number + 1)))

    def _count(self, message: Message) -> None:
        epoch, number = self._numbers.get(message.topic, (message.epoch, message.number - 1))
        if epoch == message.epoch:
            self._superseded += max(0, message.number - number - 1)
        self._numbers[message.topic] = (message.epoch, message.number)
