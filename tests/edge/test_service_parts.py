"""What the service leans on: systemd's notifications and the helper process."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from edge.companion import Companion
from edge.monitoring.sdnotify import notify, watchdog_s


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_what_is_notified(tmp_path: Path, abstract: bool) -> None:
    """Over the socket that NOTIFY_SOCKET names, in the file system or the abstract namespace."""
    name = f"@edgevl-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(name.replace("@", "\0") if abstract else name)
        assert notify("READY=1", {"NOTIFY_SOCKET": name})
        assert systemd.recv(100) == b"READY=1"


def test_without_systemd_nothing_happens(tmp_path: Path) -> None:
    """No variable, or nobody behind it: no error either."""
    assert not notify("READY=1", {})
    assert not notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "nobody")})


def test_the_watchdog_is_for_this_process_only() -> None:
    """As sd_watchdog_enabled(3) says: another WATCHDOG_PID is not us; zero and rubbish mean off."""
    mine = str(os.getpid())
    assert watchdog_s({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": mine}) == 60.0
    assert watchdog_s({"WATCHDOG_USEC": "1500000"}) == 1.5
    for environment in (
        {},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "x"},
        {"WATCHDOG_USEC": "9", "WATCHDOG_PID": "1"},
    ):
        assert watchdog_s(environment) is None


def test_a_companion_that_dies_is_started_again_and_ends_with_us(tmp_path: Path) -> None:
    """Killed, it comes back and the log says so; stopped, it is gone."""
    notes, said = tmp_path / "pids", list[str]()
    script = f"import os, time; open({str(notes)!r}, 'a').write(f'{{os.getpid()}}\\n'); time.sleep(600)"
    companion = Companion("helper", [sys.executable, "-c", script], said.append)

    def pids_after(number: int) -> list[int]:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            companion.tend()
            found = notes.read_text().split() if notes.exists() else []
            if len(found) == number:
                return [int(pid) for pid in found]
            time.sleep(0.02)
        raise AssertionError("the helper did not start")

    (first,) = pids_after(1)
    os.kill(first, signal.SIGKILL)
    second = pids_after(2)[-1]
    assert said == ["the helper ended with code -9; it starts again in 0.5 s"]
    companion.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


def test_a_companion_that_cannot_start_is_a_sentence(tmp_path: Path) -> None:
    """The line goes on; nothing is raised."""
    said: list[str] = []
    companion = Companion("helper", [str(tmp_path / "absent")], said.append)
    deadline = time.monotonic() + 30
    while not said and time.monotonic() < deadline:
        companion.tend()
        time.sleep(0.02)
    assert said
    companion.stop()
