"""A service process to be harmed, a client that hears all of it, and the checks that hold after every fault."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from edge.client import Client
from edge.messages import CameraReport, Verdict
from edge.store.history import History
from tests.e2e.line_process import LineProcess, accounts_in, free_address, start_line, write_line

# Generous: what is waited for comes in a second or two, on a machine with nothing else to do.
_PATIENCE_S = 90.0
_FULL = 0.8
_SPAN_S = 2.0


@dataclass(slots=True)
class FaultLine:
    """A line that runs. verdicts: heard by a client that began with the first. reports: the newest of each camera.

    rates: the full rate of each camera, frames a second.
    """

    line: LineProcess
    client: Client
    data_dir: Path
    rates: Mapping[str, float]
    verdicts: list[Verdict] = field(default_factory=list)
    reports: dict[str, CameraReport] = field(default_factory=dict)
    pids: set[int] = field(default_factory=set)

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Listen until it has happened; an AssertionError that says `what` where it never does."""
        deadline = time.monotonic() + _PATIENCE_S
        while not happened():
            assert time.monotonic() < deadline, f"it never happened: {what}; {self.reports}"
            assert self.line.process.poll() is None, self.line.wait()[1]
            self.listen(0.2)

    def listen(self, seconds: float) -> None:
        """Take note of what comes for so long."""
        end = time.monotonic() + seconds
        while (left_s := end - time.monotonic()) > 0:
            received = self.client.receive(left_s)
            if received is not None:
                self._hear(received[0])

    def until_state(self, camera: str, state: str) -> CameraReport:
        """Until the camera is reported so."""
        self.until(lambda: camera in self.reports and self.reports[camera].state == state, f"{camera} is {state}")
        return self.reports[camera]

    def until_full_rate(self) -> None:
        """Until every camera is up, and triggered and answered at its rate for some time."""
        for camera, fps in self.rates.items():
            meter = _Meter(fps)
            self.until_state(camera, "up")
            self.until(lambda c=camera, m=meter: m.is_full(self.reports[c]), f"{camera} at {fps} frames/s")  # type: ignore[misc]

    def camera_processes(self) -> list[psutil.Process]:
        """The cameras' own, oldest first."""
        children = psutil.Process(self.line.process.pid).children(recursive=True)
        return [child for child in children if "camera.child" in child.cmdline()]

    def count(self, reason: str) -> int:
        """How many UNDECIDED verdicts with this reason were heard."""
        return sum(verdict.reason == reason for verdict in self.verdicts)

    def check_replay(self) -> None:
        """A newcomer that asks for everything gets what the first client got: all, once, in order."""
        with Client(self.line.feed, position={}) as newcomer:
            missing = {verdict.id for verdict in self.verdicts}
            got: list[Verdict] = []
            deadline = time.monotonic() + _PATIENCE_S
            while missing:
                assert time.monotonic() < deadline, f"{len(missing)} of {len(self.verdicts)} verdicts were not replayed"
                received = newcomer.receive(0.5)
                if received is not None and isinstance(verdict := received[0], Verdict):
                    got.append(verdict)
                    missing.discard(verdict.id)
            assert (newcomer.account.missing, newcomer.account.unknown_gaps) == (0, 0)
        assert (self.client.account.missing, self.client.account.unknown_gaps) == (0, 0)
        for verdicts in (self.verdicts, got):
            assert _is_in_order(verdicts)

    def _hear(self, message: object) -> None:
        if isinstance(message, Verdict):
            self.verdicts.append(message)
        if isinstance(message, CameraReport):
            self.reports[message.camera] = message
            assert message.triggers == message.verdicts + message.dropped + message.in_flight
            self.pids |= {child.pid for child in psutil.Process(self.line.process.pid).children(recursive=True)}


@contextmanager
def line_at_full_rate(
    folder: Path,
    bundle: Path,
    cameras: Mapping[str, str],
    rates: Mapping[str, float],
    each_camera: str = "",
    environment: Mapping[str, str] | None = None,
) -> Iterator[FaultLine]:
    """Start, wait for the full rate, let the test do harm, then check all that must hold after any fault.

    cameras: name -> URI. rates: of those whose rate is known.
    """
    shared_before = set(Path("/dev/shm").iterdir())
    feed = free_address()
    line = start_line(write_line(folder, bundle, feed, cameras, each_camera=each_camera), feed, environment)
    try:
        with Client(feed, ("verdict/", "camera/"), position={}) as client:
            harmed = FaultLine(line, client, folder / "data", rates)
            harmed.until_full_rate()
            yield harmed
            harmed.until_full_rate()
            harmed.check_replay()
            code, log = line.end(signal.SIGTERM)
    finally:
        line.process.kill()
        line.process.wait()
    _check_end(harmed, code, log)
    assert set(Path("/dev/shm").iterdir()) <= shared_before


def _check_end(harmed: FaultLine, code: int, log: str) -> None:
    """The account balances; the store has every verdict that was counted or heard, once; no process is left."""
    assert (code, "Traceback" in log) == (0, False), log
    accounts = accounts_in(log)
    for triggers, verdicts, ok, ng, undecided, dropped, unaccounted in accounts.values():
        assert (triggers, verdicts, unaccounted) == (verdicts + dropped, ok + ng + undecided, 0)
    stored = [row.verdict for row in History(harmed.data_dir).recent(1_000_000)]
    assert len(stored) == sum(row[1] for row in accounts.values())
    ids = {verdict.id for verdict in stored}
    assert len(ids) == len(stored)
    assert {verdict.id for verdict in harmed.verdicts} <= ids
    for camera in accounts:
        numbers = sorted(verdict.number for verdict in stored if verdict.camera == camera)
        assert numbers == list(range(len(numbers)))
    assert not [pid for pid in harmed.pids if psutil.pid_exists(pid)]


class _Meter:
    """Whether a camera's triggers and verdicts come at its rate, seen over a stretch of reports."""

    def __init__(self, fps: float) -> None:
        self._least = fps * _FULL
        self._seen: list[tuple[float, CameraReport]] = []

    def is_full(self, report: CameraReport) -> bool:
        now = time.monotonic()
        if not self._seen or report.number != self._seen[-1][1].number:
            self._seen.append((now, report))
        past = [(then, first) for then, first in self._seen if self._seen[-1][0] - then >= _SPAN_S]
        if not past:
            return False
        then, first = past[-1]
        last_at, last = self._seen[-1]
        slower = min(last.triggers - first.triggers, last.verdicts - first.verdicts)
        return slower / (last_at - then) >= self._least


def _is_in_order(verdicts: list[Verdict]) -> bool:
    """Whether each camera's come without a gap or a repetition."""
    for camera in {verdict.camera for verdict in verdicts}:
        numbers = [verdict.number for verdict in verdicts if verdict.camera == camera]
        if numbers != list(range(len(numbers))):
            return False
    return True
