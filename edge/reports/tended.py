"""One report process after the other: started, watched, ended when it hangs, and started again, ever more slowly."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from camera.packets import HungUpError
from camera.retry import backoff_s
from edge.reports.handover import Answer, Ask, Failed, Open, Opened, Part
from edge.reports.process import ReportProcess

# Libraries and a model, for a process that gets only what others leave over.
_OPEN_S = 120.0
# A process that lived so long was well; its next failure counts as the first.
_WELL_S = 60.0
# A process that hangs up ends a moment later.
_GO_S = 1.0


class TendedProcess:
    """At most one process at a time. One thread; nothing here waits."""

    def __init__(self, wish: Open, hang_s: float, say: Callable[[str], None], module: str) -> None:
        """wish: what each process is asked first. hang_s: how long it may take for one part. module: what it runs."""
        self._wish = wish
        self._hang_s = hang_s
        self._say = say
        self._module = module
        self._process: ReportProcess | None = None
        self._opened = False
        self._started = 0.0
        self._failures = 0
        self._due = 0.0

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return None if self._process is None else self._process.pid

    @property
    def is_busy(self) -> bool:
        """Whether it is at work."""
        return self._process is not None and self._opened and self._due < math.inf

    @property
    def is_free(self) -> bool:
        """Whether something may be given."""
        return self._process is not None and self._opened and self._due == math.inf

    @property
    def due(self) -> float:
        """When `tend` has something to do at the latest, as `time.monotonic()`."""
        return self._due

    def fileno(self) -> int | None:
        """Readable when there is something to hear."""
        return None if self._process is None else self._process.fileno()

    def tend(self) -> None:
        """End a process that has not answered in time; start one where none is and it is time to."""
        now = time.monotonic()
        if now < self._due:
            return
        if self._process is not None:
            self._fail(f"has not answered for {self._hang_s if self._opened else _OPEN_S:g} s")
            return
        try:
            self._process = ReportProcess(self._wish, self._module)
        except (OSError, HungUpError) as error:
            self._fail(f"cannot be started ({error})")
            return
        self._opened, self._started, self._due = False, now, now + _OPEN_S

    def give(self, question: Part | Ask, picture: int = -1) -> None:
        """The next thing to do, while it is free; `is_busy` is false afterwards where that failed."""
        assert self._process is not None
        try:
            self._process.give(question, picture)
        except (HungUpError, BlockingIOError):
            self._fail("takes nothing")
        else:
            self._due = time.monotonic() + self._hang_s

    def hear(self) -> Answer | None:
        """What it says to what it was given; None where it had other things to say, or has failed."""
        assert self._process is not None
        try:
            answered = self._process.answer()
        except BlockingIOError:
            return None
        except HungUpError:
            self._fail()
            return None
        if self._opened:
            self._due = math.inf
            return answered
        if isinstance(answered, Opened):
            self._opened, self._due = True, math.inf
        else:
            self._fail(answered.sentence if isinstance(answered, Failed) else "answered what it was not asked")
        return None

    def end(self) -> None:
        """Without another."""
        if self._process is not None:
            self._process.end()
        self._process, self._due = None, math.inf

    def _fail(self, why: str = "") -> None:
        """why: what it did; without it, it has gone by itself."""
        now = time.monotonic()
        if self._process is not None:
            fate = self._process.end(0.0 if why else _GO_S)
            self._failures = 0 if now - self._started > _WELL_S else self._failures
            why = f"{why} and {fate}" if why else fate
        wait_s = backoff_s(self._failures)
        self._failures += 1
        self._process, self._due = None, now + wait_s
        self._say(f"reports: the process that writes them {why}; another starts in {wait_s:g} s")
