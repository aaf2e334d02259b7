"""What the line and the process that writes its reports say to each other, over a socket pair.

    line:    Open       -> writer:  Opened or Failed
    line:    Part (fd)  -> writer:  Written or Failed       again and again, one thing at a time
    line:    Ask        -> writer:  Asked or Failed
    line:    (hangs up)             the writer ends

A part's picture comes as a memfd: memory without a name, so nothing of it is left once both sides let go of it,
however they ended. Only the inspected region of it is filled in; the rest was never written, and costs no memory.
"""

from __future__ import annotations

import mmap
import os
import socket
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from camera.packets import HungUpError, receive, send
from edge.facts import Facts
from edge.geometry import Region
from edge.messages import Phrase, Verdict
from edge.questions.answered import Answered


class Open(msgspec.Struct, frozen=True, tag=True):
    """Get ready to write about parts that were judged by the bundles in these folders."""

    bundles: tuple[str, ...]
    languages: tuple[str, ...]


class Part(msgspec.Struct, frozen=True, tag=True):
    """Write about this part; its picture comes with the message."""

    verdict: Verdict


class Ask(msgspec.Struct, frozen=True, tag=True):
    """Answer a question about a part. previous: the verdict before it, where one is known."""

    text: str
    session: str
    verdict: Verdict
    previous: Verdict | None


class Opened(msgspec.Struct, frozen=True, tag=True):
    """Parts may come."""


class Written(msgspec.Struct, frozen=True, tag=True):
    """The report; the fields as in `edge.messages.PartReport`."""

    facts: Facts | None
    text: dict[str, str]
    words: dict[str, str]
    dropped: int
    took_ms: float
    phrases: dict[str, tuple[Phrase, ...]] = {}


class Asked(msgspec.Struct, frozen=True, tag=True):
    """The answers. session: to be named with the next question."""

    session: str
    answers: tuple[Answered, ...]


class Failed(msgspec.Struct, frozen=True, tag=True):
    """It could not get ready, or could not write about this part; one sentence."""

    sentence: str


Question: TypeAlias = Open | Part | Ask
Answer: TypeAlias = Opened | Written | Asked | Failed

_QUESTIONS: msgspec.msgpack.Decoder[Question] = msgspec.msgpack.Decoder(Open | Part | Ask)
_ANSWERS: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Opened | Written | Asked | Failed)


def ask(writer: socket.socket, question: Question, picture: int = -1) -> None:
    """picture: a memfd of `shared_picture`; the caller closes its own. Raises HungUpError."""
    send(writer, msgspec.msgpack.encode(question), picture)


def next_question(line: socket.socket) -> tuple[Question, int]:
    """Wait for the line: what it asks, and the memfd that came with it or -1. Raises HungUpError."""
    message, fd = receive(line)
    return _QUESTIONS.decode(message), fd


def answer(line: socket.socket, message: Answer) -> None:
    """Raises HungUpError."""
    send(line, msgspec.msgpack.encode(message))


def next_answer(writer: socket.socket) -> Answer:
    """What the process answered. Raises HungUpError."""
    message, fd = receive(writer)
    if fd >= 0:
        os.close(fd)  # it has none to give
    try:
        return _ANSWERS.decode(message)
    except msgspec.MsgspecError as error:
        raise HungUpError(f"its answer cannot be understood ({error})") from error


def shared_picture(image_HWC: NDArray[np.uint8], region: Region) -> int:
    """A memfd with the region of a frame (uint8 BGR) in its place; the caller closes it. Raises OSError."""
    fd = os.memfd_create("edgevl-part", os.MFD_CLOEXEC)
    try:
        os.ftruncate(fd, image_HWC.nbytes)
        with mmap.mmap(fd, image_HWC.nbytes) as memory:
            inside = (slice(region.y, region.y + region.h), slice(region.x, region.x + region.w))
            shared_HWC: NDArray[np.uint8] = np.ndarray(image_HWC.shape, np.uint8, buffer=memory)
            np.copyto(shared_HWC[inside], image_HWC[inside])
            del shared_HWC  # a mapping that is looked at cannot be closed
    except BaseException:
        os.close(fd)
        raise
    return fd


def mapped_picture(fd: int, height: int, width: int) -> NDArray[np.uint8]:
    """The frame behind a memfd, read-only. Takes `fd` and closes it. Raises HungUpError where it is no such picture."""
    try:
        memory = mmap.mmap(fd, height * width * 3, prot=mmap.PROT_READ)
    except (OSError, ValueError) as error:
        raise HungUpError(f"the part's picture cannot be read ({error})") from error
    finally:
        os.close(fd)
    image_HWC: NDArray[np.uint8] = np.ndarray((height, width, 3), np.uint8, buffer=memory)
    return image_HWC
