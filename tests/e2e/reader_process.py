"""A reader of the feed in a process of its own: `python -m tests.e2e.reader_process FEED LOG`.

It writes each verdict as one line to LOG, and goes on behind the last line when it is started again, so that what it
has had is known however it ends. Ends on SIGTERM, with its account as the last thing on stdout.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.client import Client, Position
from edge.messages import Verdict
from edge.requests.messages import Mark
from tests.e2e.line_process import ROOT


@dataclass(frozen=True, slots=True)
class Line:
    """A verdict as the log has it; total_ms is its latency."""

    topic: str
    epoch: str
    number: int
    total_ms: float

    @property
    def place(self) -> tuple[str, str, int]:
        return self.topic, self.epoch, self.number


def lines_in(log: Path) -> list[Line]:
    """What a reader has had, in its order. A last line that was cut off does not count."""
    if not log.exists():
        return []
    whole = log.read_text(encoding="utf-8").rpartition("\n")[0]
    cells = [line.split(" ") for line in whole.splitlines()]
    return [Line(topic, epoch, int(number), float(ms)) for topic, epoch, number, ms in cells]


def position_in(lines: Sequence[Line]) -> Position:
    """Behind the last of each topic."""
    return {line.topic: Mark(line.epoch, line.number + 1) for line in lines}


def start_reader(feed: str, log: Path) -> subprocess.Popen[str]:
    """Start without waiting."""
    command = [sys.executable, "-m", "tests.e2e.reader_process", feed, str(log)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def main(feed: str, log: Path) -> None:
    asked_to_end: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked_to_end.append(number))
    lines = lines_in(log)
    log.write_text("".join(_text(line) for line in lines), encoding="utf-8")
    with Client(feed, position=position_in(lines)) as client, log.open("ab", buffering=0) as file:
        while not asked_to_end:
            received = client.receive(0.2)
            if received is not None and isinstance(verdict := received[0], Verdict):
                line = Line(verdict.topic, verdict.epoch, verdict.number, verdict.timings.total_ms)
                file.write(_text(line).encode())
        sys.stdout.write(f"{client.account}\n")


def _text(line: Line) -> str:
    return f"{line.topic} {line.epoch} {line.number} {line.total_ms:.3f}\n"


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
