"""The bounded queue between threads."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.line.channel import Channel, ChannelClosedError, Lane


def test_a_full_lane_hands_its_oldest_item_back() -> None:
    """The freshest wins, and the putter learns what had to leave."""
    channel: Channel[str, int] = Channel({"belt": Lane(2, "drop_oldest")})
    assert [channel.put("belt", item) for item in range(4)] == [None, None, 0, 1]
    assert [channel.take(0), channel.take(0), channel.take(0)] == [2, 3, None]
    statistics = channel.statistics()["belt"]
    assert (statistics.depth, statistics.peak, statistics.put, statistics.dropped) == (0, 2, 4, 2)


def test_a_waiting_lane_holds_the_putter_back_and_loses_nothing() -> None:
    """Back-pressure: everything arrives, in order, and never more than the capacity is inside."""
    channel: Channel[str, int] = Channel({"belt": Lane(3, "wait")})

    def put_all() -> None:
        for item in range(500):
            channel.put("belt", item)
        channel.close()

    thread = threading.Thread(target=put_all)
    thread.start()
    taken = [channel.take(None) for _ in range(500)]
    with pytest.raises(ChannelClosedError):
        channel.take(None)
    thread.join()
    assert taken == list(range(500))
    assert channel.statistics()["belt"].peak <= 3


def test_a_fast_camera_does_not_starve_a_slow_one() -> None:
    """Taking goes round the lanes that have something."""
    channel: Channel[str, str] = Channel({"fast": Lane(10, "wait"), "slow": Lane(10, "wait")})
    for _ in range(4):
        channel.put("fast", "f")
    channel.put("slow", "s")
    assert [channel.take(0) for _ in range(5)] == ["f", "s", "f", "f", "f"]


def test_closing_frees_who_waits_and_keeps_what_is_inside() -> None:
    """A putter that waits for room is told; the taker still gets the rest, and then the end."""
    channel: Channel[str, int] = Channel({"belt": Lane(1, "wait")})
    channel.put("belt", 1)
    told = threading.Event()

    def put_more() -> None:
        with pytest.raises(ChannelClosedError):
            channel.put("belt", 2)
        told.set()

    thread = threading.Thread(target=put_more)
    thread.start()
    channel.close()
    assert told.wait(10)
    thread.join()
    assert channel.take_all(None) == {"belt": [1]}
    with pytest.raises(ChannelClosedError):
        channel.take(None)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans())), st.integers(1, 4))
def test_nothing_is_lost_or_invented(steps: list[tuple[str, bool]], capacity: int) -> None:
    """Whatever the order of puts and takes: each item comes out exactly once, taken or handed back, in order."""
    channel: Channel[str, int] = Channel({lane: Lane(capacity, "drop_oldest") for lane in "ab"})
    lane_of: dict[int, str] = {}
    out: list[int] = []
    for number, (lane, puts) in enumerate(steps):
        item = channel.put(lane, number) if puts else channel.take(0)
        lane_of |= {number: lane} if puts else {}
        out += [item] if item is not None else []
    out += [item for items in channel.take_all(0).values() for item in items]
    for lane in "ab":
        assert [item for item in out if lane_of[item] == lane] == [n for n, of in lane_of.items() if of == lane]
