"""A small HTTP server for monitors: /metrics, /healthz and /readyz. Loopback only; it cannot change anything.

However many ask, and however slowly, at most _CONNECTIONS are served: beyond, the oldest is cut off.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from edge.errors import ConfigError
from edge.line.health import LineState, problems
from edge.monitoring.metrics import LineCollector

_CONNECTIONS = 8
_READ_TIMEOUT_S = 5.0


class Monitor:
    """Serves while it is entered. `address` names the port that was chosen where `port` is 0."""

    def __init__(self, host: str, port: int, state: Callable[[], LineState]) -> None:
        """Bind. Raises ConfigError where the port is taken."""
        registry = CollectorRegistry()
        registry.register(LineCollector(state))
        handler = type("Handler", (_Handler,), {"state": staticmethod(state), "registry": registry})
        try:
            self._server = _Server((host, port), handler)
        except OSError as error:
            raise ConfigError(
                f"cannot serve metrics on {host}:{port} ({error.strerror}); choose another `port` in [metrics]"
            ) from error
        self.address = f"http://{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="monitor", daemon=True)

    def __enter__(self) -> Monitor:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.cut_off(0)
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.cut_off(_CONNECTIONS - 1)
        with self._lock:
            self._open.append(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open = [other for other in self._open if other is not request]
        super().shutdown_request(request)

    def cut_off(self, most: int) -> None:
        """Leave the newest `most` connections."""
        with self._lock:
            gone = self._open[: max(0, len(self._open) - most)]
            self._open = self._open[len(gone) :]
        for request in gone:
            with suppress(OSError):  # it may have gone by itself
                request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    state: Callable[[], LineState]
    registry: CollectorRegistry
    timeout = _READ_TIMEOUT_S
    server_version = "edgevl"
    sys_version = ""

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/metrics":
                self._answer(200, generate_latest(self.registry), CONTENT_TYPE_LATEST)
            case "/healthz":
                found = problems(self.state())
                body = msgspec.json.encode({"ok": not found, "problems": found})
                self._answer(503 if found else 200, body, "application/json")
            case "/readyz":
                self._answer(200, b'{"ready":true}', "application/json")
            case _:
                self._answer(404, b"known: /metrics /healthz /readyz\n", "text/plain; charset=utf-8")

    def _answer(self, code: int, body: bytes, kind: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are not worth a line in the log."""
