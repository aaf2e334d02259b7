"""A build as bars in a terminal: one a phase, those inside another indented below it."""

from __future__ import annotations

import threading

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

_WIDEST = 60


class BuildBars:
    """Follows `edge.engines.tensorrt.progress.BuildWatcher`. A phase that is over leaves the screen."""

    def __init__(self, progress: Progress, what: str) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._tasks: dict[str, TaskID] = {}
        self._depth: dict[str, int] = {}
        self._overall = progress.add_task(escape(what), total=None)

    def started(self, phase: str, parent: str | None, steps: int) -> None:
        with self._lock:
            self._depth[phase] = depth = self._depth.get(parent or "", 0) + 1
            text = "  " * depth + escape(_short(phase))
            self._tasks[phase] = self._progress.add_task(text, total=steps or None)

    def stepped(self, phase: str, step: int) -> None:
        with self._lock:
            if phase in self._tasks:
                self._progress.update(self._tasks[phase], completed=step + 1)

    def finished(self, phase: str) -> None:
        with self._lock:
            task = self._tasks.pop(phase, None)
            if task is not None:
                self._progress.remove_task(task)

    def said(self, words: str) -> None:
        """A tool without phases: its last line stands beside the time."""
        if words.strip():
            self._progress.update(self._overall, description=escape(_short(words.strip())))


def build_progress(console: Console) -> Progress:
    """Bars that leave nothing behind."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
