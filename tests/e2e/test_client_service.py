"""The client and a service that is killed and started again."""

from __future__ import annotations

import json
import signal
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from edge.client import Client
from edge.feed.keys import allow, new_pair, read_client_keys
from edge.messages import Verdict
from edge.store.history import History
from tests.bundles import make_bundle
from tests.e2e.line_process import free_address, start_line, write_line

BUSY = {"left": "pattern:?fps=40&size=160x120", "right": "pattern:?fps=40&size=160x120&seed=5"}


def read(client: Client, number: int) -> list[Verdict]:
    """So many verdicts."""
    verdicts: list[Verdict] = []
    silences = 0
    while len(verdicts) < number:
        received = client.receive(1.0)
        silences += received is None
        assert silences < 60, f"{len(verdicts)} verdicts only"
        if received is not None and isinstance(received[0], Verdict):
            verdicts.append(received[0])
    return verdicts


def epochs(verdicts: list[Verdict]) -> list[str]:
    """In the order in which they came."""
    return list(dict.fromkeys(verdict.epoch for verdict in verdicts))


def test_killed_services_lose_no_verdict_for_a_client(tmp_path: Path) -> None:
    """Three times kill -9 under load: one client has every verdict that is stored, once, in order; 0 missing."""
    bundle = make_bundle(tmp_path / "bundle").path
    feed = free_address()
    line_file = write_line(tmp_path, bundle, feed, BUSY)
    verdicts: list[Verdict] = []
    with Client(feed, position={}) as client:
        for starts in range(1, 4):
            line = start_line(line_file, feed)
            while len(epochs(verdicts)) < starts:
                verdicts += read(client, 1)
            verdicts += read(client, 40)
            line.end(signal.SIGKILL)
        line = start_line(line_file, feed)
        while len(epochs(verdicts)) < 4:
            verdicts += read(client, 1)
        assert (client.account.missing, client.account.unknown_gaps) == (0, 0)
        line.end(signal.SIGTERM)
    ids = [verdict.id for verdict in verdicts]
    assert len(set(ids)) == len(ids)
    stored = [kept.verdict for kept in reversed(History(tmp_path / "data").recent(100_000))]
    for camera in BUSY:
        got = [verdict.id for verdict in verdicts if verdict.camera == camera]
        kept = [verdict.id for verdict in stored if verdict.camera == camera]
        # The client left while the last service was running; up to there it has everything.
        assert got == kept[: len(got)]


def test_a_line_with_keys_serves_its_dashboard_and_whom_it_allows(tmp_path: Path) -> None:
    """The service guards both sockets; its own dashboard reads the feed with a key of its own."""
    bundle = make_bundle(tmp_path / "bundle").path
    feed, port = free_address(), int(free_address().rpartition(":")[2])
    line_file = write_line(tmp_path, bundle, feed, BUSY, dashboard_port=port)
    text = line_file.read_text(encoding="utf-8").replace("[feed]\n", '[feed]\nkeys = "keys"\n')
    line_file.write_text(text, encoding="utf-8")
    new_pair(tmp_path / "keys", "server")
    new_pair(tmp_path / "keys", "reader")
    allow(tmp_path / "keys", str(tmp_path / "keys/reader.key"))
    line = start_line(line_file, feed)
    try:
        with Client(feed, keys=read_client_keys(tmp_path / "keys")) as client, Client(feed) as stranger:
            assert len(read(client, 20)) == 20
            assert stranger.receive(0.5) is None
        assert _cameras_on_dashboard(port) == set(BUSY)
    finally:
        code, _ = line.end(signal.SIGTERM)
    assert code == 0


def _cameras_on_dashboard(port: int) -> set[str]:
    """As soon as the dashboard names some: it has heard the feed."""
    for _ in range(240):
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/api/line", timeout=5) as answer:
            names = {camera["name"] for camera in json.load(answer)["cameras"] if camera["report"]}
            if names:
                return names
        time.sleep(0.25)
    raise AssertionError("the dashboard never heard of a camera")
