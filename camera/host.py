"""A camera in a process of its own, as the line sees it: a source like any other, that cannot take the line with it.

A driver that hangs, crashes or grows without end costs one process: `read` raises SourceLost, and the next `open`
starts another. Pictures come through shared memory (`camera.ring`) and are not copied on this side.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

from camera.frame import Frame
from camera.handover import (
    Answer,
    Failed,
    Open,
    Question,
    Read,
    Taken,
    ask,
    next_answer,
)
from camera.packets import HungUpError
from camera.ring import SPARE, RingError, RingReader
from camera.source import SourceLost, SourceUnavailable
from camera.spec import CameraSpec

# A source answers within its timeout; one that has not after so many seconds more does not run any more.
HANG_S = 5.0

# How long a driver may take to let go of its device, so that the device notices.
_CLOSE_S = 3.0
_KILL_S = 5.0

_MEMORY_EVERY_S = 1.0


class IsolatedSource:
    """Follows `camera.source.Source`. The process lives from `open` to `close`.

    It dies with the thread that called `open`, however that ends: let that thread close it as well.
    """

    def __init__(self, spec: CameraSpec, open_limit_s: float) -> None:
        """open_limit_s: after how many seconds a driver that is still opening its device counts as hung."""
        self._spec = spec
        self._open_limit_s = open_limit_s
        self._child: _Child | None = None

    @property
    def name(self) -> str:
        return self._spec.name

    @property
    def pid(self) -> int | None:
        """Of the camera's process, while there is one."""
        return None if self._child is None else self._child.process.pid

    def open(self) -> None:
        self.close()
        self._child = _Child(self._spec.memory_mb)
        try:
            answered = self._child.answer_to(Open(self._spec), self._open_limit_s)
        except (_ProcessFailedError, RingError) as failure:
            self._drop()
            raise SourceUnavailable(f"the camera {self.name} could not be opened: {failure}") from failure
        if isinstance(answered, Failed):
            self.close()
            raise answered.error()

    def read(self, timeout_s: float) -> Frame:
        if self._child is None:
            raise SourceLost(f"the camera {self.name} is not open")
        try:
            return self._child.read(timeout_s, self.name)
        except (_ProcessFailedError, RingError) as failure:
            self._drop()
            raise SourceLost(str(failure)) from failure

    def close(self) -> None:
        if self._child is not None:
            child, self._child = self._child, None
            child.end(_CLOSE_S)

    def _drop(self) -> None:
        """Without waiting for a driver that has just shown that it does not answer."""
        if self._child is not None:
            child, self._child = self._child, None
            child.end(0)


class _ProcessFailedError(Exception):
    """The process, and not the camera in it, has failed: nothing more can be asked of it."""


class _Child:
    """One process, from its start to its end."""

    def __init__(self, memory_mb: int) -> None:
        self._memory_limit = memory_mb * 1_000_000
        self._memory_checked = time.monotonic()
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ring: RingReader | None = None
        with theirs:
            command = [sys.executable, "-m", "camera.child", str(theirs.fileno()), str(os.getpid())]
            # In the folder that holds this very package, so that the child runs the same one.
            folder = Path(__file__).parents[1]
            self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=folder, stdin=subprocess.DEVNULL)

    def read(self, timeout_s: float, name: str) -> Frame:
        """Raises what the source raises, _ProcessFailedError, RingError."""
        self._check_memory()
        slot = SPARE if self._ring is None else self._ring.free_slot()
        answered = self.answer_to(Read(slot, timeout_s), timeout_s + HANG_S)
        if isinstance(answered, Taken):
            return self._frame(answered, name)
        if self._ring is not None:
            self._ring.give_back(slot)
        if isinstance(answered, Failed):
            raise answered.error()
        raise _ProcessFailedError("the camera's process answered what it was not asked")

    def answer_to(self, question: Question, limit_s: float) -> Answer:
        """Raises _ProcessFailedError, in words about the process; RingError."""
        self._line.settimeout(limit_s)
        try:
            ask(self._line, question)
            answered, fd = next_answer(self._line)
        except TimeoutError:
            raise _ProcessFailedError(
                f"its driver has not answered for {limit_s:g} s, so its process was ended"
            ) from None
        except HungUpError as error:
            raise _ProcessFailedError(f"its process {self._fate(error)}") from error
        if fd >= 0:
            self._map(fd, answered)
        return answered

    def end(self, patience_s: float) -> None:
        """Hang up, wait, kill. Only a process that the kernel itself holds up can outlast this."""
        self._line.close()
        if not self._has_ended(patience_s):
            self.process.kill()
            self._has_ended(_KILL_S)

    def _has_ended(self, wait_s: float) -> bool:
        try:
            self.process.wait(wait_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _frame(self, taken: Taken, name: str) -> Frame:
        if self._ring is None:
            raise RingError("the camera's process names a picture but sent no memory")
        image_HWC = self._ring.picture(taken.slot, (taken.height, taken.width, 3))
        return Frame(image_HWC, taken.seq, taken.captured_ns, taken.wall_ns, name, taken.trigger, taken.px_per_mm)

    def _map(self, fd: int, answered: Answer) -> None:
        shape = answered.ring_shape if isinstance(answered, Taken) else None
        if shape is None:
            os.close(fd)
            raise RingError("the camera's process sent memory of unknown size")
        self._ring = RingReader(fd, shape)

    def _check_memory(self) -> None:
        """A leak ends the process before it ends the machine. Shared memory, and with it the ring, does not count."""
        now = time.monotonic()
        if now - self._memory_checked < _MEMORY_EVERY_S:
            return
        self._memory_checked = now
        try:
            memory = psutil.Process(self.process.pid).memory_info()
        except psutil.Error:
            return  # it has ended; the next answer says so
        if memory.rss - memory.shared > self._memory_limit:
            limit_mb = self._memory_limit // 1_000_000
            raise _ProcessFailedError(
                f"its process holds more than {limit_mb} MB, so it was ended; "
                "if the camera needs that much, raise its `memory_mb` in the line file"
            )

    def _fate(self, error: HungUpError) -> str:
        """How it ended, for a person."""
        if not self._has_ended(_KILL_S):
            return str(error)
        code = self.process.returncode
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
