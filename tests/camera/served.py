"""The RTSP server of `rtsp_server.py` as a test holds it: started, frozen, stopped, started again."""

from __future__ import annotations

import signal
import subprocess
from functools import lru_cache
from pathlib import Path

import pytest

SYSTEM_PYTHON = "/usr/bin/python3"
IMPORTS = "import gi; gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0')"
ELEMENTS = "from gi.repository import Gst; Gst.init(None); assert Gst.ElementFactory.find('x264enc')"


class RtspServer:
    """A server process on 127.0.0.1; `port` is the same over a restart."""

    def __init__(self, user: str | None = None, password: str | None = None) -> None:
        self._login = [user, password] if user is not None and password is not None else []
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def start(self) -> None:
        script = Path(__file__).with_name("rtsp_server.py")
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, str(script), str(self.port), *self._login], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def freeze(self) -> None:
        """Stop answering while every connection stays open, as a hung camera does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on answering."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def started_server(user: str | None = None, password: str | None = None) -> RtspServer:
    """Start one, or skip the test with the reason."""
    if not _can_serve():
        pytest.skip("no RTSP server: install the GStreamer packages of tests/system-packages.txt")
    server = RtspServer(user, password)
    server.start()
    return server


@lru_cache(maxsize=1)
def _can_serve() -> bool:
    if not Path(SYSTEM_PYTHON).exists():
        return False
    check = subprocess.run([SYSTEM_PYTHON, "-c", f"{IMPORTS}; {ELEMENTS}"], capture_output=True, check=False)
    return check.returncode == 0
