"""A helper process that ends with the line and is started again when it dies. The line goes on without it."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Sequence

from camera.retry import backoff_s

_STOP_S = 5.0
# A process that lived so long was well; its next failure counts as the first.
_WELL_S = 60.0


class Companion:
    """One process at a time, from `start` to `stop`; call `tend` now and then."""

    def __init__(self, name: str, command: Sequence[str], say: Callable[[str], None]) -> None:
        self._name = name
        self._command = [*_ends_with_us(), *command]
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None
        self._failures = 0
        self._started = self._start_at = time.monotonic()

    def tend(self) -> None:
        """Start the process where none runs and it is time to; never waits, never raises."""
        now = time.monotonic()
        if self._process is not None and self._process.poll() is not None:
            self._failures = 0 if now - self._started > _WELL_S else self._failures
            wait_s = backoff_s(self._failures)
            self._failures += 1
            self._say(f"the {self._name} ended with code {self._process.returncode}; it starts again in {wait_s:g} s")
            self._process, self._start_at = None, now + wait_s
        if self._process is None and now >= self._start_at:
            self._start(now)

    def stop(self) -> None:
        """Ask the process to end, then make it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _start(self, now: float) -> None:
        try:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
            self._started = now
        except OSError as error:
            self._start_at = now + backoff_s(self._failures)
            self._failures += 1
            self._say(f"the {self._name} cannot be started: {error.strerror}")


def _ends_with_us() -> list[str]:
    """A prefix that lets the kernel end the process when this one is killed; else it would keep its port."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
