"""The line that is soaked: the service, what it is fed with, and who reads it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from edge.feed.subscribe import Subscription, subscribe
from edge.messages import CameraReport
from tests.e2e.line_process import ROOT, free_address
from tests.e2e.pusher import Pusher
from tests.e2e.reader_process import lines_in, start_reader
from tests.troubled_bundle import make_troubled_bundle

# Frames a second; together what two cores carry beside the harness.
RATES = {"left": 25.0, "right": 25.0, "scanner": 10.0}
DEADLINE_MS = 250
_FULL = 0.8
_SPAN_S = 2.0
_PATIENCE_S = 120.0
_READERS = 2


class SoakError(Exception):
    """The line is not what it should be, in one sentence."""


@dataclass(slots=True)
class Rig:
    """All processes of a soak. reports: the newest of each camera of the service that runs now.

    worst_unaccounted: the largest difference that any report or final account showed.
    """

    folder: Path
    feed: str
    reports_of: Subscription
    pusher: Pusher
    service: subprocess.Popen[bytes]
    readers: list[subprocess.Popen[str]]
    reports: dict[str, CameraReport] = field(default_factory=dict)
    worst_unaccounted: int = 0
    reader_accounts: list[str] = field(default_factory=list)

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def service_log(self) -> Path:
        return self.folder / "service.log"

    def reader_log(self, number: int) -> Path:
        return self.folder / f"reader{number}.log"

    def listen(self, seconds: float) -> None:
        """Take note of the cameras' reports for so long. Raises SoakError where the service has ended."""
        end = time.monotonic() + seconds
        while (left_s := end - time.monotonic()) > 0:
            received = self.reports_of.receive(left_s)
            if received is not None and isinstance(report := received[0], CameraReport):
                self.reports[report.camera] = report
                owed = report.triggers - report.verdicts - report.dropped - report.in_flight
                self.worst_unaccounted = max(self.worst_unaccounted, abs(owed))
        if self.service.poll() is not None:
            raise SoakError(f"the service ended by itself with code {self.service.returncode}; see {self.service_log}")

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Listen until it has happened; SoakError where it does not within two minutes."""
        deadline = time.monotonic() + _PATIENCE_S
        while not happened():
            if time.monotonic() > deadline:
                raise SoakError(f"it did not happen within {_PATIENCE_S:g} s: {what}")
            self.listen(0.2)

    def until_full_rate(self) -> None:
        """Until every camera is up and its verdicts come at its rate."""
        for camera, fps in RATES.items():
            self.until(_FullRate(self, camera, fps), f"{camera} is back at {fps:g} frames/s")

    def camera_processes(self) -> list[psutil.Process]:
        """Of the service that runs now, the oldest first."""
        children = psutil.Process(self.service.pid).children()
        return sorted((child for child in children if _is_camera(child)), key=psutil.Process.create_time)

    def restart_service(self) -> None:
        """As systemd would after it was killed."""
        self.reports.clear()
        self.service = _start_service(self.folder, "soak.toml")

    def restart_reader(self, number: int) -> None:
        self.readers[number] = start_reader(self.feed, self.reader_log(number))

    def finish(self) -> None:
        """End the service in order; let the readers fetch the rest from one without cameras; end all."""
        _end(self.service)
        quiet = _start_service(self.folder, "quiet.toml")
        try:
            self._wait_for_readers(quiet)
        finally:
            for reader in self.readers:
                reader.send_signal(signal.SIGTERM)
                self.reader_accounts.append(reader.communicate(timeout=60)[0].strip())
            _end(quiet)

    def _wait_for_readers(self, quiet: subprocess.Popen[bytes]) -> None:
        """Until nothing has come to any of them for a while: what is missing then stays missing."""
        sizes: list[int] = []
        since = time.monotonic()
        while time.monotonic() - since < 15 and quiet.poll() is None:
            now = [self.reader_log(number).stat().st_size for number in range(_READERS)]
            if now != sizes:
                sizes, since = now, time.monotonic()
            time.sleep(0.5)


class _FullRate:
    """Whether a camera's verdicts come at its rate, seen over a stretch of its reports."""

    def __init__(self, rig: Rig, camera: str, fps: float) -> None:
        self._rig = rig
        self._camera = camera
        self._least = fps * _FULL
        self._seen: list[tuple[float, CameraReport]] = []

    def __call__(self) -> bool:
        report = self._rig.reports.get(self._camera)
        if report is None or report.state != "up":
            self._seen.clear()
            return False
        if not self._seen or report.number != self._seen[-1][1].number:
            self._seen.append((time.monotonic(), report))
        last_at, last = self._seen[-1]
        past = [(then, first) for then, first in self._seen if last_at - then >= _SPAN_S]
        if not past:
            return False
        then, first = past[-1]
        return (last.verdicts - first.verdicts) / (last_at - then) >= self._least


@contextmanager
def rig(folder: Path) -> Iterator[Rig]:
    """Build and start everything in `folder`; end all processes whatever happens."""
    folder.mkdir(parents=True, exist_ok=True)
    bundle = make_troubled_bundle(folder / "bundle").path
    feed, scanner = free_address(), free_address()
    _write_line_file(folder / "soak.toml", bundle, feed, scanner)
    _write_line_file(folder / "quiet.toml", bundle, feed, None)
    for number in range(_READERS):
        (folder / f"reader{number}.log").touch()
    readers = [start_reader(feed, folder / f"reader{number}.log") for number in range(_READERS)]
    service = _start_service(folder, "soak.toml")
    with Pusher(scanner, RATES["scanner"]) as pusher, subscribe(feed, ("camera/",)) as reports_of:
        built = Rig(folder, feed, reports_of, pusher, service, readers)
        try:
            yield built
        finally:
            _kill(built.service, *built.readers)


def _is_camera(process: psutil.Process) -> bool:
    try:
        return "camera.child" in process.cmdline()
    except psutil.Error:
        return False  # it has ended


def ends_of(rig: Rig) -> list[int]:
    """The size of each reader's log, in verdicts."""
    return [len(lines_in(rig.reader_log(number))) for number in range(_READERS)]


def _write_line_file(path: Path, bundle: Path, feed: str, scanner: str | None) -> None:
    """scanner: where the pusher pushes; None for a line whose only camera has nothing to show."""
    uris = {
        "left": f"pattern:?fps={RATES['left']:g}&size=160x120",
        "right": f"pattern:?fps={RATES['right']:g}&size=160x120&seed=5",
        "scanner": f"zmq:{scanner}",
    }
    cameras = uris if scanner is not None else {"nothing": "folder:nothing"}
    tables = [
        f'[line]\nname = "soak"\nbundle = "{bundle}"\ndata_dir = "data"',
        "[engine]\nthreads = 1",
        f'[feed]\nbind = "{feed}"\nrequests = "tcp://127.0.0.1:*"\npicture_hz = 2',
        '[dashboard]\nenabled = false\n\n[log]\nformat = "text"',
        *(
            f'[[camera]]\nname = "{name}"\nuri = "{uri}"\nisolate = true\ndeadline_ms = {DEADLINE_MS}'
            for name, uri in cameras.items()
        ),
    ]
    path.write_text("\n\n".join(tables), encoding="utf-8")


def _start_service(folder: Path, line_file: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "edgevl", "run", str(folder / line_file)]
    with (folder / "service.log").open("ab") as log:
        # Wide enough for the account that it prints at its end.
        environment = {**os.environ, "COLUMNS": "120"}
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _kill(*processes: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    for process in processes:
        process.kill()
        process.wait()


def _end(service: subprocess.Popen[bytes]) -> None:
    service.send_signal(signal.SIGTERM)
    if service.wait(timeout=60) != 0:
        raise SoakError(f"the service ended with code {service.returncode} instead of 0")
