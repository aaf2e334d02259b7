"""Starts the dashboard as the service does, as a process of its own."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STARTS_WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A running dashboard on 127.0.0.1."""

    port: int
    pid: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def get(self, path: str, host: str = "127.0.0.1") -> tuple[int, str, bytes]:
        """Status, content type and body of one request; the path is sent exactly as given."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest("GET", path, skip_host=True)
            connection.putheader("Host", host)
            connection.endheaders()
            response = connection.getresponse()
            return response.status, response.headers.get("content-type", ""), response.read()
        finally:
            connection.close()

    def send(self, method: str, path: str, headers: dict[str, str]) -> int:
        """The status of one request without a body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()


def arguments(feed: str, data_dir: Path, port: int, line: str, language: str) -> list[str]:
    """The command line of a dashboard."""
    command = [sys.executable, "-m", "edge.dashboard", "--feed", feed, "--data-dir", str(data_dir)]
    return [*command, "--host", "127.0.0.1", "--port", str(port), "--language", language, "--line", line]


@contextmanager
def dashboard(feed: str, data_dir: Path, line: str, language: str = "zh-TW") -> Iterator[Dashboard]:
    """A dashboard that answers; it has to end by itself on SIGTERM, without a traceback."""
    port = free_port()
    command = arguments(feed, data_dir, port, line, language)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            running = Dashboard(port, process.pid)
            _await(running, process)
            yield running
        finally:
            process.terminate()
            try:
                _, said = process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    assert "Traceback" not in said, said


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(running: Dashboard, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        if _answers(running):
            return
        time.sleep(0.1)
    raise AssertionError(f"the dashboard did not answer; exit code {process.poll()}")


def _answers(running: Dashboard) -> bool:
    try:
        return running.get("/api/line")[0] == 200
    except OSError:
        return False
