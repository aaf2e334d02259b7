"""One process that writes reports, as the line sees it, from its start to its end. Nothing here waits for it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from edge.reports.handover import Answer, Ask, Open, Part, ask, next_answer

MODULE = "edge.reports"
# Pools of threads that libraries would start, as many as there are cores.
_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
# Beyond, it is held up by the kernel itself, and ends when that lets go of it.
_END_S = 5.0


class ReportProcess:
    """It dies with the thread that made it, however that ends: let that thread end it as well."""

    def __init__(self, wish: Open, module: str = MODULE) -> None:
        """Start it, and ask it to get ready. module: what it runs. Raises OSError, HungUpError."""
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # A process that reads nothing is found out by its silence, not by a line that waits until it reads.
        self._line.setblocking(False)
        with theirs:
            command = [sys.executable, "-m", module, str(theirs.fileno()), str(os.getpid())]
            # In the folder that holds this very package, so that the process runs the same one.
            folder = Path(__file__).parents[2]
            try:
                self._process = subprocess.Popen(
                    command, pass_fds=[theirs.fileno()], cwd=folder, stdin=subprocess.DEVNULL, env=_one_thread()
                )
            except OSError:
                self._line.close()
                raise
        try:
            ask(self._line, wish)
        except BaseException:
            self.end()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def fileno(self) -> int:
        """Readable when it has answered, or has gone."""
        return self._line.fileno()

    def give(self, question: Part | Ask, picture: int = -1) -> None:
        """The next thing to do; the memfd of a part stays the caller's. Raises HungUpError, BlockingIOError."""
        ask(self._line, question, picture)

    def answer(self) -> Answer:
        """What it has answered; only after its `fileno` was readable. Raises HungUpError."""
        return next_answer(self._line)

    def end(self, patience_s: float = 0.0) -> str:
        """Make it end, after so long, also while it is stopped; what ended it, for a person."""
        self._line.close()
        if not self._has_ended(patience_s):
            self._process.kill()
            return "was ended" if self._has_ended(_END_S) else "does not end"
        code = self._process.returncode
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def _has_ended(self, wait_s: float) -> bool:
        try:
            self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            return False
        return True


def _one_thread() -> dict[str, str]:
    """The environment of a process that is to use one core at most."""
    return {**os.environ, **dict.fromkeys(_POOLS, "1")}
