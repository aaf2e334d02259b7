"""What a long run says while it works: one line per stage, a bar for everything over two seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Advance(Protocol):
    def __call__(self, steps: int = 1, note: str = "") -> None:
        """So many steps further; `note` replaces the text after the bar."""


class Reporter(Protocol):
    """Where stages say what they do. The command line draws bars; tests collect lines."""

    def say(self, line: str) -> None:
        """One finished sentence."""

    def bar(self, title: str, total: int) -> AbstractContextManager[Advance]:
        """A bar of `total` steps, as a context manager that yields an `Advance`."""


class ConsoleReporter:
    """Bars and lines on a terminal; only the lines when the output is a file."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()

    def say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False)

    @contextmanager
    def bar(self, title: str, total: int) -> Iterator[Advance]:
        columns = (
            TextColumn("  {task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=self._console, transient=True) as progress:
            task = progress.add_task(title, total=total, note="")

            def advance(steps: int = 1, note: str = "") -> None:
                progress.advance(task, steps)
                if note:
                    progress.update(task, note=note)

            yield advance


class SilentReporter:
    """Keeps the sentences, draws nothing: for tests and for use as a library."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    @contextmanager
    def bar(self, title: str, total: int) -> Iterator[Advance]:  # noqa: ARG002
        def advance(steps: int = 1, note: str = "") -> None:  # noqa: ARG001
            return

        yield advance
