"""A build takes minutes: who watches it, and how it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, Protocol, TypeVar

from edge.errors import EngineError

_Result = TypeVar("_Result")
_LOOK_S = 0.1


class BuildWatcher(Protocol):
    """Told of a build's phases, which nest, and of the words of a tool that has no phases. Called by any thread."""

    def started(self, phase: str, parent: str | None, steps: int) -> None: ...

    def stepped(self, phase: str, step: int) -> None: ...

    def finished(self, phase: str) -> None: ...

    def said(self, words: str) -> None: ...


class BuildCancelledError(EngineError):
    """The build was stopped on request."""


def progress_monitor(trt: Any, watcher: BuildWatcher, cancel: threading.Event) -> Any:
    """A `trt.IProgressMonitor` that tells `watcher`, and ends the build once `cancel` is set."""

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            watcher.started(phase_name, parent_phase, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            watcher.stepped(phase_name, step)
            return not cancel.is_set()  # anything but True ends the build

        def phase_finish(self, phase_name: str) -> None:
            watcher.finished(phase_name)

    return Monitor()


def cancellable(work: Callable[[], _Result], cancel: threading.Event) -> _Result:
    """Run `work` in a thread, so that Ctrl-C is heard while TensorRT computes; it then sets `cancel` and waits.

    In the main thread a signal would wait for the end of the call, minutes later.
    """
    future: Future[_Result] = Future()

    def run() -> None:
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

    try:
        threading.Thread(target=run, name="tensorrt-build", daemon=True).start()
        while not future.done():
            wait([future], timeout=_LOOK_S)
    except KeyboardInterrupt:
        cancel.set()
        if not future.cancel():  # it has begun
            wait([future])
        raise
    return future.result()
