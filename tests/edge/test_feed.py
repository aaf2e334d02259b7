"""The feed: schema, numbers, and readers that meet rubbish."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ConfigError
from edge.feed.publisher import Numbers, Publisher, new_epoch
from edge.feed.subscribe import MalformedMessageError, parse, subscribe
from edge.messages import encode, feed_schema, time_text
from tests.edge.feed_double import SCRATCHED, Origin, verdict_of
from tests.edge.lines import joined

SCHEMA_FILE = Path(__file__).parents[2] / "docs/feed/feed.schema.json"
TOPIC = "verdict/steel/belt"


def verdict_json(number: int, epoch: str = "1") -> bytes:
    return encode(verdict_of(SCRATCHED, Origin(epoch=epoch, number=number), (800, 600)))


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher("tcp://127.0.0.1:*") as publisher:
        yield publisher


def test_the_committed_schema_is_the_generated_one() -> None:
    """`python -m edge.messages > docs/feed/feed.schema.json` was not forgotten."""
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == json.loads(msgspec.json.encode(feed_schema()))


def test_a_reader_counts_gaps_and_restarts(publisher: Publisher) -> None:
    """A skipped number is a loss, a new epoch a restart; a late joiner has lost nothing yet."""
    with joined(publisher) as subscription:
        for number in (5, 6, 9):
            publisher.publish(TOPIC, verdict_json(number))
        publisher.publish(TOPIC, verdict_json(1, epoch="2"))
        received = [subscription.receive(5) for _ in range(4)]
        statistics = subscription.statistics()
    assert [message.number for message, _ in filter(None, received)] == [5, 6, 9, 1]
    assert (statistics.received, statistics.lost, statistics.restarts) == (4, 3, 1)


def test_a_reader_survives_rubbish(publisher: Publisher) -> None:
    """Whatever is no message is counted and skipped, and the next one still arrives."""
    good = verdict_json(0)
    rubbish: list[tuple[str, bytes, bytes | None]] = [
        (TOPIC, b"", None),
        (TOPIC, b"{", None),
        (TOPIC, b'{"kind": "verdict"}', None),
        (TOPIC, b'{"kind": "nonsense"}', None),
        (TOPIC, b'"\xff\xfe"', None),
        (TOPIC, b"[" * 100_000, None),
        (TOPIC, good, b"a picture where none belongs"),
        ("verdict/other/belt", good, None),
    ]
    with joined(publisher) as subscription:
        before = subscription.statistics().malformed
        for topic, payload, jpeg in rubbish:
            publisher.publish(topic, payload, jpeg)
        publisher.publish(TOPIC, good)
        received = subscription.receive(5)
        assert received is not None
        assert encode(received[0]) == good
        assert subscription.statistics().malformed - before == len(rubbish)


@given(parts=st.lists(st.binary(max_size=200), max_size=4))
def test_no_bytes_make_a_reader_fall_over(parts: list[bytes]) -> None:
    """Any frames from any publisher are a message or one error."""
    with pytest.raises(MalformedMessageError):
        parse(parts)


def test_a_reader_that_is_too_slow_loses_and_knows(publisher: Publisher) -> None:
    """Thirty thousand messages leave without waiting for a reader that reads none; it then sees the gap."""
    with joined(publisher) as subscription:
        for number in range(30_000):
            publisher.publish(TOPIC, verdict_json(number))
        while subscription.receive(0.5) is not None:
            pass
        publisher.publish(TOPIC, verdict_json(30_000))
        assert subscription.receive(5) is not None
        statistics = subscription.statistics()
    assert statistics.lost > 0
    assert statistics.received + statistics.lost == 30_001


@pytest.mark.parametrize(
    "address", ["tcp://0.0.0.0:5560", "tcp://*:5560", "udp://127.0.0.1:1", "", "tcp://192.0.2.1:5"]
)
def test_the_feed_stays_on_this_machine(address: str) -> None:
    """Without keys it listens on the loopback only, and says which key of the line file to change."""
    with pytest.raises(ConfigError, match=r"`bind` in \[feed\]"):
        Publisher(address)


def test_an_address_that_is_taken_is_one_sentence(publisher: Publisher) -> None:
    """Two lines with one port: the second is told."""
    with pytest.raises(ConfigError, match=r"cannot publish on .* in use"):
        Publisher(publisher.address)


def test_a_reader_of_no_address_is_told_how_one_looks() -> None:
    """`edgevl watch 5560` is a likely slip."""
    with pytest.raises(ConfigError, match="write it as tcp"):
        subscribe("5560")


def test_numbers_count_each_topic_from_zero() -> None:
    """And two starts never share an epoch."""
    numbers = Numbers(new_epoch())
    assert [numbers.next("a"), numbers.next("a"), numbers.next("b")] == [0, 1, 0]
    assert new_epoch() != numbers.epoch


def test_times_are_cut_to_milliseconds() -> None:
    """Cut, not rounded: a rounded time could lie in the future."""
    assert time_text(1_769_846_400_123_999_999) == "2026-01-31T08:00:00.123Z"
