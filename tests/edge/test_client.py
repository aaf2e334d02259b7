"""The client against a real store, real sockets, cut networks and its own death."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.client import Client, ask, read_position, write_position
from edge.client.asking import RequestRefusedError, reachable
from edge.client.position import PositionError
from edge.errors import ConfigError
from edge.messages import LineReport, Message
from edge.requests.messages import Mark, TriggerAnswer, TriggerRequest
from tests.e2e.line_process import free_address
from tests.edge.desks import Talking, talking
from tests.edge.relay import Relay

TOPIC = "verdict/steel/belt"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Talking]:
    with talking(tmp_path, "e1") as line:
        yield line


def joined(line: Talking, **options: object) -> Client:
    """A client that has its snapshot and hears the feed."""
    client = Client(line.publisher.address, **options)  # type: ignore[arg-type]
    while not client.snapshot and "position" not in options:
        line.beat()
        assert client.receive(0.05) is None
    return client


def read(client: Client, line: Talking, number: int) -> list[Message]:
    """So many messages, while the line's heart beats."""
    messages: list[Message] = []
    silences = 0
    while len(messages) < number and silences < 200:
        received = client.receive(0.1)
        if received is None:
            silences += 1
            line.beat()
        else:
            messages.append(received[0])
    return messages


def numbers(messages: list[Message]) -> list[int]:
    return [message.number for message in messages]


def test_gaps_are_repaired_also_at_the_end(line: Talking) -> None:
    """What was lost in the middle comes in its place; what was lost last comes with the next heartbeat."""
    line.say(0, 3)
    with joined(line) as client:
        line.say(3, 2)
        line.mute(5, 1200)
        line.say(1205)
        line.mute(1206, 4)
        assert numbers(read(client, line, 1207)) == list(range(3, 1210))
        assert str(client.account) == "0 missing of 1207"
        assert client.account.repaired >= 1204
        assert [type(message) for message in client.snapshot if isinstance(message, LineReport)] == [LineReport]


def test_a_restart_is_followed_and_its_lost_end_repaired(tmp_path: Path) -> None:
    """What the old epoch published while nobody listened comes before the new epoch, in order."""
    feed, requests = free_address(), free_address()
    with talking(tmp_path, "z-old", feed, requests) as line:
        line.say(0)
        client = joined(line)
        line.say(1)
        assert numbers(read(client, line, 1)) == [1]
        line.mute(2, 3)
    with client, talking(tmp_path, "a-new", feed, requests) as line:
        line.mute(0, 2)
        line.say(2)
        messages = read(client, line, 6)
        assert [(m.epoch, m.number) for m in messages] == [
            *(("z-old", number) for number in (2, 3, 4)),
            *(("a-new", number) for number in (0, 1, 2)),
        ]
        assert str(client.account) == "0 missing of 7"


def test_a_slow_subscriber_loses_nothing(line: Talking) -> None:
    """Far more than the queues hold while it does not read: the rest comes from the store."""
    with joined(line) as client:
        for first in range(0, 30_000, 3000):
            line.say(first, 3000)
        messages = read(client, line, 30_000)
        assert numbers(messages) == list(range(30_000))
        assert client.account.repaired > 0
        assert str(client.account) == "0 missing of 30000"


def test_a_camera_that_is_new_is_read_from_its_beginning(line: Talking) -> None:
    """Its first verdicts were lost before anybody knew of it."""
    line.say(0)
    with joined(line) as client:
        line.mute(0, 3, camera="oven")
        assert [(m.topic, m.number) for m in read(client, line, 3)] == [("verdict/steel/oven", n) for n in range(3)]


@pytest.mark.parametrize("how", ["dropped", "stalled"])
def test_a_cut_network_is_survived(line: Talking, how: str) -> None:
    """Connections that break, or go silent without breaking: it reconnects, and what was said meanwhile comes."""
    line.say(0)
    with Relay(line.publisher.address) as feed, Relay(line.server.address) as requests:
        client = Client(feed.address, requests=requests.address)
        with client:
            while not client.snapshot:
                client.receive(0.05)
            for relay in (feed, requests):
                relay.cut(stall=how == "stalled")
            line.say(1, 50)
            assert client.receive(0.5) is None or how == "dropped"
            for relay in (feed, requests):
                relay.mend()
            line.say(51)
            assert numbers(read(client, line, 51))[-1] == 51
            assert str(client.account) == "0 missing of 51"


FOLLOW = """
import sys
from pathlib import Path
from edge.client import Client, read_position, write_position
address, place, log = sys.argv[1], Path(sys.argv[2]), open(sys.argv[3], "a", buffering=1)
with Client(address, position=read_position(place)) as client:
    for message, _ in client:
        log.write(f"{message.epoch} {message.number}\\n")
        write_position(place, client.position)
"""


def test_a_subscriber_that_is_killed_goes_on_where_it_stopped(line: Talking, tmp_path: Path) -> None:
    """Killed in mid-stream three times: every verdict was read, at most the last before each death twice."""
    place, log = tmp_path / "position.json", tmp_path / "log"
    write_position(place, {TOPIC: Mark("e1", 0)})
    log.touch()
    for start in range(0, 300, 100):
        arguments = [sys.executable, "-c", FOLLOW, line.publisher.address, str(place), str(log)]
        process = subprocess.Popen(arguments, cwd=ROOT)
        line.say(start, 100)
        while len(log.read_text().splitlines()) < start + 20:
            line.beat()
            time.sleep(0.02)
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    with Client(line.publisher.address, position=read_position(place)) as client:
        seen = [int(entry.split()[1]) for entry in log.read_text().splitlines() if entry.startswith("e1 ")]
        rest: list[int] = []
        while rest[-1:] != [299]:
            rest += numbers(read(client, line, 1))
    assert sorted(set(seen) | set(rest)) == list(range(300))
    assert len(seen) + len(rest) <= 300 + 3


def test_it_works_with_asyncio_and_a_cancelled_wait_loses_nothing(line: Talking) -> None:
    """`async for`, and `wait_for` that gives up in between."""

    async def follow(client: Client) -> list[int]:
        seen: list[int] = []
        while len(seen) < 20:
            line.beat()
            try:
                message, _ = await asyncio.wait_for(anext(client), 0.01)
            except asyncio.TimeoutError:
                continue
            seen.append(message.number)
        async for message, _ in client:
            return [*seen, message.number]
        return seen

    with joined(line) as client:
        line.say(0, 19)
        line.mute(19)
        line.say(20)
        assert asyncio.run(follow(client)) == list(range(21))
        assert client.account.missing == 0


def test_one_question_can_be_asked(line: Talking) -> None:
    """Triggers and the like, without a subscription; a refusal is one sentence, and so is silence."""
    assert ask(line.server.address, TriggerRequest("belt", "17"))[0] == TriggerAnswer(TOPIC)
    with pytest.raises(RequestRefusedError, match="takes no requests"):
        ask(line.server.address, TriggerRequest("oven", "17"))
    with pytest.raises(RequestRefusedError, match="nothing answers at"):
        ask(free_address(), TriggerRequest("belt", "17"), timeout_s=0.2)


def test_addresses_and_positions_that_are_none_are_one_sentence(tmp_path: Path) -> None:
    """What a person may mistype or damage."""
    with pytest.raises(ConfigError, match="write it as tcp"):
        Client("5560")
    (tmp_path / "position.json").write_bytes(b"\xff{")
    with pytest.raises(PositionError, match="delete it"):
        read_position(tmp_path / "position.json")
    assert read_position(tmp_path / "none.json") is None


def test_a_line_that_listens_everywhere_is_asked_where_its_feed_is_read() -> None:
    """0.0.0.0 is no place to connect to from another machine."""
    assert reachable("tcp://0.0.0.0:7", "tcp://line3:5") == "tcp://line3:7"
    assert reachable("tcp://127.0.0.1:7", "tcp://localhost:5") == "tcp://127.0.0.1:7"
