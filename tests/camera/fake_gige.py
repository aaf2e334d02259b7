"""Aravis's fake GigE Vision camera on loopback, as a test holds it: started, unplugged, plugged in again."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time

import pytest

from camera.gobject import load
from camera.source import SourceUnavailable

PROGRAM = "arv-fake-gv-camera-0.8"
_CONTROL_PORT = 3956  # GVCP


class FakeGige:
    """A real GigE Vision device, but for its sensor. All of them share one port, so one at a time."""

    name = "Aravis-Fake-EDGEVL"

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        serial = self.name.removeprefix("Aravis-Fake-")
        self._process = subprocess.Popen([PROGRAM, "-i", "127.0.0.1", "-s", serial])
        deadline = time.monotonic() + 20
        while not _is_taken(_CONTROL_PORT):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def unplug(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def started_camera() -> FakeGige:
    """Start one, or skip the test with the reason."""
    if shutil.which(PROGRAM) is None:
        pytest.skip("no fake GigE camera: install aravis-tools (tests/system-packages.txt)")
    try:
        load("Aravis", "0.8", "gir1.2-aravis-0.8")
    except SourceUnavailable as error:
        pytest.skip(str(error))
    camera = FakeGige()
    camera.start()
    return camera


def _is_taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False
