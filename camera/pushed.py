"""Frames that another program pushes over ZeroMQ: `zmq:tcp://127.0.0.1:5570` or `zmq:ipc:///run/line/camera`.

The line binds a PULL socket; the program connects a PUSH socket and sends two parts, described in docs/frames.md: a
MessagePack map (`PushedHeader`) and the picture. What is not such a message is counted and skipped.
"""

from __future__ import annotations

import ipaddress
import re
import time
from dataclasses import dataclass

import msgspec
import numpy as np
import zmq
from numpy.typing import NDArray

from camera.clock import Clock, SystemClock
from camera.frame import Frame
from camera.image_file import ImageFileError, decode_image
from camera.pixels import PixelError, to_bgr
from camera.sequence import Sequence
from camera.source import SourceLost, SourceTimeout, SourceUnavailable, SourceUriError
from camera.uri import parse_options

_MOST_BYTES = 512 * 2**20
_MOST_SIDE = 32_768
# Few: what waits here grows old. The sender's own queue then holds it back.
_QUEUED = 4

_COMPRESSED = ("jpeg", "png")


class PushedHeader(msgspec.Struct, frozen=True):
    """The first part of a message. Unknown keys are ignored.

    format: `jpeg`, `png`, or raw pixels by their PFNC name (see `camera.pixels`); then width and height are needed.
    seq: the sender's number of the picture; a gap says that it left some out.
    captured_ns: when it was taken, in nanoseconds since 1970, UTC; without it the time of arrival counts.
    trigger: the id of what asked for the picture.
    """

    format: str
    width: int = 0
    height: int = 0
    seq: int | None = None
    captured_ns: int | None = None
    trigger: str | None = None


_HEADERS = msgspec.msgpack.Decoder(PushedHeader)


@dataclass(frozen=True, slots=True)
class PushedOptions:
    """address: where to bind; loopback or a local socket."""

    address: str


def pushed_options(body: str) -> PushedOptions:
    """Parse what follows `zmq:`. Raises SourceUriError."""
    address, _, query = body.partition("?")
    parse_options("zmq", query, ())
    match = re.fullmatch(r"tcp://\[?([^\[\]]+?)\]?:([0-9]{1,5})", address)
    if match is None and not re.fullmatch(r"ipc:///[^\0]{1,100}", address):
        raise SourceUriError(
            f"{address!r} is no address for a zmq camera; write zmq:tcp://127.0.0.1:5570 or zmq:ipc:///PATH"
        )
    if match is not None and not _is_loopback(match.group(1)):
        raise SourceUriError(
            f"a zmq camera at {address} could be fed by other machines, and there are no keys; "
            "bind it to tcp://127.0.0.1:PORT, and bring pictures of other machines there yourself"
        )
    return PushedOptions(address)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class PushedSource:
    """Every picture that is pushed, in order: a sender that is too fast has to wait, or to leave some out itself."""

    def __init__(self, name: str, options: PushedOptions, clock: Clock | None = None) -> None:
        self._name = name
        self._options = options
        self._clock = clock or SystemClock()
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._socket: zmq.Socket[bytes] | None = None
        self._sequence = Sequence()
        self._skipped = 0
        self._last_reason = ""

    @property
    def name(self) -> str:
        return self._name

    @property
    def skipped(self) -> int:
        """How many messages since `open` were no pictures."""
        return self._skipped

    def open(self) -> None:
        self.close()
        self._sequence, self._skipped, self._last_reason = Sequence(), 0, ""
        self._context = zmq.Context(io_threads=1)
        self._socket = self._context.socket(zmq.PULL)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVHWM, _QUEUED)
        self._socket.setsockopt(zmq.MAXMSGSIZE, _MOST_BYTES)
        try:
            self._socket.bind(self._options.address)
        except zmq.ZMQError as error:
            self.close()
            raise SourceUnavailable(
                f"{self._options.address} cannot be listened on ({error.strerror}); check that nothing else does"
            ) from error

    def read(self, timeout_s: float) -> Frame:
        if self._socket is None:
            raise SourceLost(f"the camera {self._name} is not open")
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0:
            if not self._socket.poll(max(1, round(left_s * 1000))):
                continue
            parts = self._socket.recv_multipart(copy=True)
            try:
                return self._frame(parts)
            except PixelError as error:
                self._skipped += 1
                self._last_reason = str(error)
        raise SourceTimeout(f"no frame was pushed to {self._options.address} within {timeout_s:g} s{self._excuse()}")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._context is not None:
            self._context.term()
            self._context = None

    def _excuse(self) -> str:
        return f"; {self._skipped} messages were no pictures, the last: {self._last_reason}" if self._skipped else ""

    def _frame(self, parts: list[bytes]) -> Frame:
        """Raises PixelError for anything that is no picture."""
        arrived_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
        header, image_HWC = decode(parts)
        age_ns = 0 if header.captured_ns is None else max(0, wall_ns - header.captured_ns)
        seq = self._sequence.next(header.seq)
        return Frame(image_HWC, seq, arrived_ns - age_ns, wall_ns - age_ns, self._name, header.trigger)


def decode(parts: list[bytes]) -> tuple[PushedHeader, NDArray[np.uint8]]:
    """A message -> its header and its picture. Raises PixelError, in a sentence for the sender's programmer."""
    if len(parts) != 2:
        raise PixelError(f"a message has two parts, header and picture, but {len(parts)} came")
    try:
        header = _HEADERS.decode(parts[0])
    except msgspec.MsgspecError as error:
        raise PixelError(f"the header is not understood: {error}") from error
    if header.trigger is not None and len(header.trigger) > 200:
        raise PixelError("the trigger's id is longer than 200 characters")
    if header.format in _COMPRESSED:
        return header, _decompressed(parts[1])
    if not (0 < header.width <= _MOST_SIDE and 0 < header.height <= _MOST_SIDE):
        raise PixelError(f"raw pixels need a width and height from 1 to {_MOST_SIDE}")
    return header, to_bgr(parts[1], header.format, header.width, header.height)


def _decompressed(content: bytes) -> NDArray[np.uint8]:
    try:
        return decode_image(content)
    except ImageFileError as error:
        raise PixelError(f"the picture {error}") from error
