"""A person who presses Ctrl-C while something works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from compress.progress import Advance, SilentReporter


class Stopped(SilentReporter):
    """Presses Ctrl-C in the middle of the bar whose title it is given."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    @contextmanager
    def bar(self, title: str, total: int) -> Iterator[Advance]:  # noqa: ARG002
        def advance(steps: int = 1, note: str = "") -> None:
            if title.startswith(self._title):
                raise KeyboardInterrupt

        yield advance
