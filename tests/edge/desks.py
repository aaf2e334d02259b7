"""A feed with its request socket for tests: real store, real sockets, verdicts that the test decides."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import zmq

from edge.feed.gate import Gate
from edge.feed.publisher import Publisher
from edge.line.picture_rates import PictureRates
from edge.line.recipes import Progress, RecipeError
from edge.line.triggers import RequestError
from edge.messages import SCHEMA_VERSION, LineReport, Verdict, encode, time_text
from edge.requests.desk import Desk
from edge.requests.messages import Answer, Request, decode_answer, encode_request
from edge.requests.replay import Replay
from edge.requests.socket import RequestServer
from edge.search.beside import SearchBeside
from edge.store.opening import open_store
from edge.store.rows import NewVerdict
from edge.store.store import Store, StoreLimits
from tests.edge.feed_double import GOOD, Origin, Part, verdict_of


@dataclass
class Talking:
    """A line that only talks: `say` stores and publishes verdicts, `mute` only stores them, as if they were lost."""

    store: Store
    publisher: Publisher
    server: RequestServer
    epoch: str
    search: SearchBeside
    rates: PictureRates = field(default_factory=lambda: PictureRates(0))
    triggered: list[tuple[str, str]] = field(default_factory=list)
    chosen: list[tuple[str, str | None]] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)
    beats: int = 0

    def say(self, first: int, count: int = 1, camera: str = "belt", part: Part = GOOD) -> None:
        for verdict, payload in self._stored(first, count, camera, part):
            self.publisher.publish(verdict.topic, payload)

    def mute(self, first: int, count: int = 1, camera: str = "belt", part: Part = GOOD) -> None:
        self._stored(first, count, camera, part)

    def beat(self) -> None:
        """The heartbeat, with the last numbers."""
        report = LineReport(
            SCHEMA_VERSION, "line/steel", self.epoch, self.beats, "steel", time_text(time.time_ns()), time_text(0),
            "3fa91c07d2be", "drawn-parts", "ort int8", "", ("belt",), 1.0, 1.0, 1.0, 1.0,
            last=dict(self.last), requests=self.server.address,
        )  # fmt: skip
        self.beats += 1
        self.publisher.publish(report.topic, encode(report))

    def _stored(self, first: int, count: int, camera: str, part: Part) -> list[tuple[Verdict, bytes]]:
        origins = [Origin(self.epoch, "steel", camera, number) for number in range(first, first + count)]
        verdicts = [verdict_of(part, origin, (800, 600)) for origin in origins]
        self.store.append([NewVerdict(verdict, 1) for verdict in verdicts])
        self.last[verdicts[-1].topic] = verdicts[-1].number
        return [(verdict, encode(verdict)) for verdict in verdicts]

    def desk(self, open_replay: Callable[[], Replay]) -> Desk:
        return Desk(
            "steel", self.epoch, self.publisher, open_replay, self.take_trigger, self.show, self.choose,
            search=self.search.ask,
        )  # fmt: skip

    def take_trigger(self, camera: str, identity: str) -> None:
        if camera != "belt":
            raise RequestError(f"the camera {camera!r} takes no requests")
        self.triggered.append((camera, identity))

    def choose(self, product: str, camera: str | None) -> Progress:
        if product != "main":
            raise RecipeError(f"this line has no product {product!r}")
        self.chosen.append((product, camera))
        return "active"

    def show(self, camera: str, holder: bytes, hz: float, seconds: float) -> float:
        if camera != "belt":
            raise KeyError(camera)
        return self.rates.lease(camera, holder, hz, seconds)


@contextmanager
def talking(
    data_dir: Path,
    epoch: str,
    bind: str = "tcp://127.0.0.1:*",
    requests: str = "tcp://127.0.0.1:*",
    gate: Gate | None = None,
) -> Iterator[Talking]:
    """One start of such a line."""
    with (
        open_store(data_dir, StoreLimits(), print) as store,
        Publisher(bind, gate) as publisher,
        RequestServer(requests, publisher) as server,
        closing(SearchBeside(data_dir, [])) as search,
    ):
        line = Talking(store, publisher, server, epoch, search)
        server.start(line.desk(lambda: Replay(data_dir)))
        yield line


class Asker:
    """A REQ socket that asks one thing at a time."""

    def __init__(self, address: str) -> None:
        self._context = zmq.Context()
        self.socket = self._context.socket(zmq.REQ)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVTIMEO, 20_000)
        self.socket.connect(address)

    def ask(self, request: Request | bytes) -> tuple[Answer, list[bytes]]:
        self.socket.send(request if isinstance(request, bytes) else encode_request(request))
        head, *messages = self.socket.recv_multipart()
        return decode_answer(head), messages

    def numbers(self, request: Request) -> list[int]:
        return [msgspec.json.decode(message)["number"] for message in self.ask(request)[1]]

    def __enter__(self) -> Asker:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self._context.term()
