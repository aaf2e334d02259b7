"""The inspection thread: it takes what was triggered and judges it. Where it hangs in an engine another takes over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.engines.fallback import FallbackEngine
from edge.errors import EdgevlError
from edge.line.answers import Answers
from edge.line.channel import Channel
from edge.line.judge import Judge, Work
from edge.line.recipes import Recipes
from edge.messages import Verdict

# A thread that hangs in foreign code cannot be ended, and holds its engine's memory.
_MOST_HUNG = 3

# Gets each verdict that was sent, with what it is of and its map, None where the model gave none; it must not wait.
Deliver = Callable[[Work, Verdict, "NDArray[np.float32] | None"], None]
# Makes a thread, not started, whose failure ends the line.
NewThread = Callable[[str, Callable[[], None]], threading.Thread]


class HungError(EdgevlError):
    """Engines have hung too often for this process."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """How the inspection takes pictures. hang_s: after so long without an answer an engine gives way to the next one.

    batch_wait_s: how long it waits for others to fill a batch, where the engine gains by batches.
    """

    hang_s: float = 5.0
    batch_wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Busy:
    """What a thread has given to an engine, and when (`time.monotonic()`)."""

    works: tuple[Work, ...]
    since: float


@dataclass(slots=True)
class _Shift:
    """An inspection thread at work."""

    busy: _Busy | None = None


class Inspecting:
    """The verdict path: it waits for pictures and for the engine, and for nothing else.

    thread: the one that inspects now; start the first. `tend` runs in a thread of its own and starts those that follow.
    """

    def __init__(
        self,
        frames: Channel[str, Work],
        recipes: Recipes,
        answers: Answers,
        deliver: Deliver,
        new_thread: NewThread,
        say: Callable[[str], None],
        pacing: Pacing,
    ) -> None:
        self._frames = frames
        self._recipes = recipes
        self._answers = answers
        self._deliver = deliver
        self._judge = Judge(say)
        self._new_thread = new_thread
        self._pacing = pacing
        self._hung = 0
        self._shift = _Shift()
        self.thread = self._thread_of(self._shift)

    def tend(self, stop: threading.Event) -> None:
        """Until `stop`: where the inspection hangs in an engine, leave both and go on with others. Raises HungError."""
        while not stop.wait(min(0.25, self._pacing.hang_s / 4)):
            busy = self._shift.busy
            if busy is not None and time.monotonic() - busy.since >= self._pacing.hang_s:
                self._leave(busy)

    def _thread_of(self, shift: _Shift) -> threading.Thread:
        return self._new_thread("inspection", lambda: self._run(shift))

    def _run(self, shift: _Shift) -> None:
        while shift is self._shift:
            most = max((inspector.batch for inspector in self._recipes.inspectors()), default=1)
            taken = self._frames.take_some(most, self._pacing.batch_wait_s)
            # Where a deadline came while it waited, those behind it still have time.
            works = [work for work in taken if self._answers.is_open(work.trigger)]
            if works:
                self._inspect(works, shift)

    def _inspect(self, works: list[Work], shift: _Shift) -> None:
        shift.busy = _Busy(tuple(works), time.monotonic())
        found = self._judge.judge(works)
        shift.busy = None
        for work, findings in zip(works, found, strict=True):
            verdict = self._answers.answer(work, findings)
            if verdict is not None:
                self._deliver(work, verdict, findings.map_HW)

    def _leave(self, busy: _Busy) -> None:
        engines = {id(w.recipe.inspector.engine): w.recipe.inspector.engine for w in busy.works}
        able = [engine for engine in engines.values() if isinstance(engine, FallbackEngine)]
        if not able:
            return  # there is no other
        self._hung += 1
        if self._hung > _MOST_HUNG:
            raise HungError(f"engines have hung {self._hung} times, so the line stops; look at their driver")
        for work in busy.works:
            missed = self._answers.give_up(work.trigger, "engine_failed")
            if missed is not None:
                self._deliver(*missed, None)
        for engine in able:
            engine.abandon(self._pacing.hang_s)
        self._shift = _Shift()
        self.thread = self._thread_of(self._shift)
        self.thread.start()
