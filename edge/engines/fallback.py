"""An engine that gives way to the next best one when it fails or hangs, while the line runs, and says so.

The picture that broke it is an EngineError, and so is every one until the next engine is open: nobody waits for that.
A better engine that failed is not tried again unless all others have failed too, and that is said as well.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from camera.retry import backoff_s
from edge.engines.choose import OpenedEngine
from edge.engines.engine import Outputs
from edge.errors import EdgevlError, EngineError

Reopen = Callable[[frozenset[str]], OpenedEngine]


class FallbackEngine:
    """Follows `edge.engines.engine.Engine`. `run` in one thread at a time, or in a second one after `abandon`."""

    def __init__(self, opened: OpenedEngine, reopen: Reopen, say: Callable[[str], None]) -> None:
        """reopen: opens the best engine but those named (`OpenedEngine.name`); raises EngineError where none is left.

        say: gets sentences, from any thread.
        """
        self._reopen = reopen
        self._say = say
        self._lock = threading.Lock()
        self._current: OpenedEngine | None = opened
        self._hung: list[OpenedEngine] = []
        self._failed = frozenset[str]()
        self._changed: Callable[[OpenedEngine], None] = lambda _opened: None
        self._closed = threading.Event()
        self._opening: threading.Thread | None = None

    @property
    def description(self) -> str:
        current = self._current
        return "none: the next one is being opened" if current is None else current.engine.description

    @property
    def batch(self) -> int:
        """How many pictures it should get at once."""
        current = self._current
        return 1 if current is None else current.batch

    def on_change(self, changed: Callable[[OpenedEngine], None]) -> None:
        """`changed` is called with each engine that takes over, in the thread that opened it."""
        self._changed = changed

    def run(self, image_NHWC: NDArray[np.uint8]) -> Outputs:
        """Raises EngineError for the picture that breaks the engine, and until the next one is open."""
        current = self._current
        if current is None:
            raise EngineError("the engine has failed and the next one is not open yet")
        try:
            return current.engine.run(image_NHWC)
        except EngineError as error:
            self._replace(current, f"failed ({error})")
            raise
        finally:
            self._close_late(current)

    def abandon(self, seconds: float) -> None:
        """It hangs: another thread is inside `run` and has been for so long. That thread is left to itself."""
        current = self._current
        if current is not None:
            self._hung.append(current)
            self._replace(current, f"has not answered for {seconds:g} s")

    def close(self) -> None:
        """An engine that still hangs is left to the end of the process."""
        self._closed.set()
        if self._opening is not None:
            self._opening.join()
        with self._lock:
            current, self._current = self._current, None
        if current is not None:
            current.engine.close()

    def _replace(self, broken: OpenedEngine, what: str) -> None:
        with self._lock:
            if self._current is not broken:
                return  # the thread that hung in it comes back with an error
            self._current = None
            self._failed |= {broken.name}
        self._say(f"the engine {broken.engine.description} {what}; parts stay UNDECIDED until the next one is open")
        self._opening = threading.Thread(target=self._open_next, args=(broken,), name="engine", daemon=True)
        self._opening.start()

    def _open_next(self, broken: OpenedEngine) -> None:
        if broken not in self._hung:
            broken.engine.close()
        attempt = 0
        while not self._closed.is_set():
            try:
                opened = self._reopen(self._failed)
            except EdgevlError as error:
                self._say(f"{error}; in {backoff_s(attempt):g} s every engine is tried again, the failed ones too")
                self._closed.wait(backoff_s(attempt))
                attempt += 1
                self._failed = frozenset()
                continue
            self._take_over(opened)
            return

    def _take_over(self, opened: OpenedEngine) -> None:
        with self._lock:
            self._current = opened
        left_out = f"; restart the line to use {', '.join(sorted(self._failed))} again" if self._failed else ""
        self._say(f"the line goes on with the engine {opened.engine.description}: {opened.why}{left_out}")
        self._changed(opened)

    def _close_late(self, used: OpenedEngine) -> None:
        """The thread that hung is back: nobody else uses that engine."""
        if used in self._hung and used is not self._current:
            self._hung.remove(used)
            used.engine.close()
