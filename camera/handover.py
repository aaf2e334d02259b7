"""What a camera's process and the line's say to each other, message by message, over a socket pair.

    line:    Open      -> camera:  Opened or Failed
    line:    Read      -> camera:  Taken or Failed            again and again; the line names the slot
    line:    (hangs up)            the camera closes its device and ends

One question, one answer: the camera's process never runs ahead, so a finite source loses nothing, and a live one
decides by itself which picture is its newest.
"""

from __future__ import annotations

import os
import socket
from typing import Literal, TypeAlias

import msgspec

from camera.packets import HungUpError, receive, send
from camera.ring import RingShape
from camera.source import (
    SourceEnded,
    SourceError,
    SourceLost,
    SourceTimeout,
    SourceUnavailable,
    SourceUriError,
)
from camera.spec import CameraSpec

FailureKind = Literal["uri", "unavailable", "timeout", "lost", "ended"]

_KINDS: tuple[tuple[FailureKind, type[SourceError]], ...] = (
    ("uri", SourceUriError),
    ("unavailable", SourceUnavailable),
    ("timeout", SourceTimeout),
    ("ended", SourceEnded),
    ("lost", SourceLost),
)


class Open(msgspec.Struct, frozen=True, tag=True):
    """Open this camera."""

    spec: CameraSpec


class Read(msgspec.Struct, frozen=True, tag=True):
    """Put the next picture into `slot`."""

    slot: int
    timeout_s: float


class Opened(msgspec.Struct, frozen=True, tag=True):
    """The camera is open."""


class Taken(msgspec.Struct, frozen=True, tag=True):
    """A picture lies in `slot`; the rest as in `camera.frame.Frame`.

    ring: set where the picture lies in a new ring, whose memfd comes with this message.
    """

    slot: int
    height: int
    width: int
    seq: int
    captured_ns: int
    wall_ns: int
    trigger: str | None = None
    px_per_mm: float | None = None
    ring: tuple[int, int] | None = None

    @property
    def ring_shape(self) -> RingShape | None:
        return None if self.ring is None else RingShape(*self.ring)


class Failed(msgspec.Struct, frozen=True, tag=True):
    """A SourceError, by kind, with its sentence."""

    kind: FailureKind
    sentence: str

    def error(self) -> SourceError:
        return dict(_KINDS)[self.kind](self.sentence)


def failed(error: SourceError) -> Failed:
    """The message for what a source raised."""
    kind: FailureKind = next((name for name, raised in _KINDS if isinstance(error, raised)), "lost")
    return Failed(kind, str(error))


Question: TypeAlias = Open | Read
Answer: TypeAlias = Opened | Taken | Failed

_QUESTIONS: msgspec.msgpack.Decoder[Question] = msgspec.msgpack.Decoder(Open | Read)
_ANSWERS: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Opened | Taken | Failed)


def ask(line: socket.socket, question: Question) -> None:
    """Raises HungUpError."""
    send(line, msgspec.msgpack.encode(question), -1)


def next_question(camera: socket.socket) -> Question:
    """Wait for the line. Raises HungUpError."""
    return _QUESTIONS.decode(receive(camera)[0])


def answer(camera: socket.socket, message: Answer, fd: int = -1) -> None:
    """Raises HungUpError. `fd`: of a new ring; the caller closes it."""
    send(camera, msgspec.msgpack.encode(message), fd)


def next_answer(line: socket.socket) -> tuple[Answer, int]:
    """The camera's answer and the file descriptor that came with it, or -1; the caller owns it.

    Raises TimeoutError after the socket's timeout, HungUpError.
    """
    message, fd = receive(line)
    try:
        return _ANSWERS.decode(message), fd
    except msgspec.MsgspecError as error:
        if fd >= 0:
            os.close(fd)
        raise HungUpError(f"its answer cannot be understood ({error})") from error
