"""The process that writes reports and answers questions: `python -m edge.reports FD PARENT`, whoever does the work.

It runs when nobody else wants the processor, and is the first to be ended where memory is short. It ends with the
line, however that ends.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from camera.packets import HungUpError
from camera.parent import die_with
from edge.errors import EdgevlError
from edge.messages import Verdict
from edge.reports.handover import (
    Answer,
    Ask,
    Asked,
    Failed,
    Open,
    Opened,
    Part,
    Written,
    answer,
    mapped_picture,
    next_question,
)

# For systems where it means more than the policy does: inside a group of processes that has a share of its own.
_NICE = 19
_FIRST_TO_GO = "1000"


class Office(Protocol):
    """Who does the work."""

    def write(self, image_HWC: NDArray[np.uint8], verdict: Verdict) -> Written:
        """About one part: its frame (uint8 BGR, of which only the verdict's region need be there). EdgevlError."""

    def ask(self, question: Ask) -> Asked:
        """What there is to answer to a question. EdgevlError."""


def main(fd: int, parent: int, opened: Callable[[Open], Office]) -> None:
    """Serve until the line hangs up. `parent`: the process that must be the parent still."""
    die_with(parent)
    # A Ctrl-C, and systemd's SIGTERM, reach every process of the service; the line ends this one in its turn.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _give_way()
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")
    with socket.socket(fileno=fd) as line, suppress(HungUpError):
        serve(line, opened)


def _give_way() -> None:
    """Gets what nobody else wants of the processor. A nice process would keep a thread that wakes up waiting for its
    whole time slice; under this policy it never does."""
    os.nice(_NICE)
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def serve(line: socket.socket, opened: Callable[[Open], Office]) -> None:
    """Answer what the line asks, one thing after the other. Raises HungUpError when it has gone."""
    office: Office | None = None
    while True:
        question, fd = next_question(line)
        if isinstance(question, Open):
            office = _ready(line, question, opened)
        elif office is not None:
            answer(line, _done(question, fd, office))


def _ready(line: socket.socket, question: Open, opened: Callable[[Open], Office]) -> Office | None:
    try:
        office = opened(question)
    except EdgevlError as error:
        answer(line, Failed(str(error)))
        return None
    answer(line, Opened())
    return office


def _done(question: Part | Ask, fd: int, office: Office) -> Answer:
    """What is not foreseen ends this process, and the line starts another one."""
    try:
        return office.ask(question) if isinstance(question, Ask) else _written(question, fd, office)
    except EdgevlError as error:
        return Failed(str(error))


def _written(question: Part, fd: int, office: Office) -> Written:
    verdict = question.verdict
    if fd < 0:
        raise HungUpError("a part came without its picture")
    image_HWC = mapped_picture(fd, verdict.frame_height, verdict.frame_width)
    begun = time.monotonic()
    written = office.write(image_HWC, verdict)
    return msgspec.structs.replace(written, took_ms=(time.monotonic() - begun) * 1e3)
