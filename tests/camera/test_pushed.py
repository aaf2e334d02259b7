"""Frames pushed by another program over ZeroMQ, well-formed and hostile."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from camera.pixels import PixelError
from camera.pushed import PushedSource, decode, pushed_options
from camera.source import SourceTimeout, SourceUnavailable, SourceUriError
from tests.camera.conftest import number_of, numbered_picture


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"ipc://{tmp_path}/camera"


@pytest.fixture
def source(address: str) -> Iterator[PushedSource]:
    with closing(PushedSource("belt", pushed_options(address))) as opened:
        opened.open()
        yield opened


@pytest.fixture
def push(address: str) -> Iterator[zmq.Socket[bytes]]:
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect(address)
        yield socket


def raw(number: int, **more: Any) -> list[bytes]:
    """A message as docs/frames.md describes it."""
    header = {"format": "BGR8", "width": 160, "height": 120, **more}
    return [msgspec.msgpack.encode(header), numbered_picture(number).tobytes()]


def test_pushed_pictures_come_in_order_with_what_the_sender_says(source: PushedSource, push: zmq.Socket[bytes]) -> None:
    """Its gaps, its trigger and its time of capture; raw or compressed."""
    taken_ns = time.time_ns() - 250_000_000
    _, jpeg = cv2.imencode(".jpg", numbered_picture(7))
    push.send_multipart(raw(3, seq=40, trigger="part-9"))
    push.send_multipart(raw(4, seq=43, captured_ns=taken_ns))
    push.send_multipart([msgspec.msgpack.encode({"format": "jpeg", "seq": 2, "more": 1}), jpeg.tobytes()])
    frames = [source.read(10) for _ in range(3)]
    assert [number_of(frame.image_HWC) for frame in frames] == [3, 4, 7]
    assert [frame.seq for frame in frames] == [0, 3, 4]
    assert [frame.trigger for frame in frames] == ["part-9", None, None]
    assert frames[1].wall_ns == pytest.approx(taken_ns, abs=1000)
    assert frames[1].age_ms(time.monotonic_ns()) >= 250


def test_hostile_messages_are_counted_and_skipped(source: PushedSource, push: zmq.Socket[bytes]) -> None:
    """Wrong parts, wrong header, too few pixels, huge sizes, no picture: the next good one comes through."""
    huge = msgspec.msgpack.encode({"format": "Mono8", "width": 10**9, "height": 10**9})
    empty_jpeg = [msgspec.msgpack.encode({"format": "jpeg"}), b""]
    hostile = [[b"alone"], [b"\xc1", b""], [b"\x80", b"x"], raw(1, height=4000), [huge, b"x"], empty_jpeg, [b""] * 50]
    for parts in hostile:
        push.send_multipart(parts)
    push.send_multipart(raw(5))
    assert number_of(source.read(10).image_HWC) == 5
    assert source.skipped == len(hostile)
    with pytest.raises(SourceTimeout, match="7 messages were no pictures, the last: a message has two parts"):
        source.read(0.05)


HEADERS = st.fixed_dictionaries(
    {"format": st.sampled_from(["jpeg", "png", "Mono8", "BayerRG8", "Mono12p"]) | st.text(max_size=8)},
    optional={"width": st.integers(-1, 20), "height": st.integers(-1, 20), "trigger": st.text() | st.integers(0, 9)},
)


@given(st.binary(max_size=60) | HEADERS.map(msgspec.msgpack.encode), st.binary(max_size=500))
def test_any_message_is_a_picture_or_a_sentence(header: bytes, content: bytes) -> None:
    """Nothing else leaves the decoder."""
    with contextlib.suppress(PixelError):
        assert decode([header, content])[1].dtype == np.uint8


def test_an_address_in_use_is_said(tmp_path: Path) -> None:
    """Two cameras on one port: the second cannot be opened, and says where."""
    with zmq.Context() as context, context.socket(zmq.PULL) as other:
        port = other.bind_to_random_port("tcp://127.0.0.1")
        source = PushedSource("belt", pushed_options(f"tcp://127.0.0.1:{port}"))
        with pytest.raises(SourceUnavailable, match=f"{port} cannot be listened on"):
            source.open()


@pytest.mark.parametrize("body", ["", "5570", "tcp://*:5570", "tcp://0.0.0.0:5570", "tcp://192.0.2.1:1", "ipc://x?a=1"])
def test_only_this_machine_may_feed_a_camera(body: str) -> None:
    """Without keys no other machine may: the address must be loopback or a local socket."""
    with pytest.raises(SourceUriError):
        pushed_options(body)
    assert pushed_options("tcp://[::1]:5570").address == "tcp://[::1]:5570"
