"""A camera's own process: `python -m camera.child FD PARENT`, started by `camera.host` and by nothing else.

It opens one source and answers for it over the socket FD (see `camera.handover`). It ends when the line hangs up, and
with the thread that started it, so that no camera outlives its line.
"""

from __future__ import annotations

import signal
import socket
import sys

import cv2

from camera.frame import Frame
from camera.handover import (
    Answer,
    Open,
    Opened,
    Read,
    Taken,
    answer,
    failed,
    next_question,
)
from camera.open import bare_source
from camera.packets import HungUpError
from camera.parent import die_with
from camera.ring import SPARE, RingWriter, shape_for
from camera.source import Source, SourceError, SourceLost, SourceUnavailable
from camera.spec import CameraSpec


def main(fd: int, parent: int) -> None:
    """Serve until the line hangs up. `parent`: the process that must be the parent still."""
    die_with(parent)
    # A Ctrl-C, and systemd's SIGTERM, reach every process of the service; the line ends its cameras in order.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    cv2.setNumThreads(1)
    with socket.socket(fileno=fd) as line:
        try:
            _serve(line)
        except HungUpError:
            return


def _serve(line: socket.socket) -> None:
    question = next_question(line)
    assert isinstance(question, Open)
    try:
        source = _opened(question.spec)
    except SourceError as error:
        answer(line, failed(error))
        return
    answer(line, Opened())
    slots = _Slots(line)
    try:
        while isinstance(question := next_question(line), Read):
            slots.fill(question, source)
    finally:
        source.close()


class _Slots:
    """Puts pictures where the line wants them; a picture that does not fit gets a new ring."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._ring: RingWriter | None = None

    def fill(self, question: Read, source: Source) -> None:
        """Answer one question."""
        try:
            frame = _read(source, question.timeout_s)
        except SourceError as error:
            answer(self._line, failed(error))
            return
        if self._ring is None or frame.image_HWC.nbytes > self._ring.shape.slot_bytes:
            self._fill_new(frame)
        else:
            self._ring.write(question.slot, frame.image_HWC)
            answer(self._line, _taken(frame, question.slot))

    def _fill_new(self, frame: Frame) -> None:
        self._ring = RingWriter(shape_for(frame.image_HWC.nbytes))
        self._ring.write(SPARE, frame.image_HWC)
        shape = (self._ring.shape.slots, self._ring.shape.slot_bytes)
        answer(self._line, _taken(frame, SPARE, shape), self._ring.fd)
        self._ring.close_fd()


def _opened(spec: CameraSpec) -> Source:
    source = bare_source(spec)
    try:
        source.open()
    except SourceError:
        source.close()
        raise
    except Exception as error:
        raise SourceUnavailable(f"the driver failed ({type(error).__name__}: {error})") from error
    return source


def _read(source: Source, timeout_s: float) -> Frame:
    """Read. Whatever else a driver raises is a loss to the line as well."""
    try:
        return source.read(timeout_s)
    except SourceError:
        raise
    except Exception as error:
        raise SourceLost(f"the driver failed ({type(error).__name__}: {error})") from error


def _taken(frame: Frame, slot: int, ring: tuple[int, int] | None = None) -> Answer:
    return Taken(
        slot=slot,
        height=frame.height,
        width=frame.width,
        seq=frame.seq,
        captured_ns=frame.captured_ns,
        wall_ns=frame.wall_ns,
        trigger=frame.trigger,
        px_per_mm=frame.px_per_mm,
        ring=ring,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
