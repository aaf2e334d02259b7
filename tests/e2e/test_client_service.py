"""The client and a service that is killed and started again."""

from __future__ import annotations

import signal
from pathlib import Path

from edge.client import Client
from edge.history import History
from edge.messages import Verdict
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


def test_killed_services_lose_no_verdict_for_a_client(tmp_path: Path) -> None:
    """Three times kill -9 under load: one client has every verdict that is stored, once, in order; 0 missing."""
    bundle = make_bundle(tmp_path / "bundle").path
    feed = free_address()
    line_file = write_line(tmp_path, bundle, feed, BUSY)
    verdicts: list[Verdict] = []
    with Client(feed, position={}) as client:
        for _ in range(3):
            line = start_line(line_file, feed)
            verdicts += read(client, 60)
            line.end(signal.SIGKILL)
        line = start_line(line_file, feed)
        verdicts += read(client, 60)
        line.end(signal.SIGTERM)
        while (received := client.receive(2.0)) is not None:
            verdicts += [received[0]] if isinstance(received[0], Verdict) else []
        assert client.account.missing == 0
        assert client.account.unknown_gaps == 0
        assert client.account.restarts == 3
    ids = [verdict.id for verdict in verdicts]
    assert len(set(ids)) == len(ids)
    stored = [kept.verdict for kept in reversed(History(tmp_path / "data").recent(100_000))]
    for camera in BUSY:
        got = [verdict.id for verdict in verdicts if verdict.camera == camera]
        kept = [verdict.id for verdict in stored if verdict.camera == camera]
        # The last words of a service that ends may be cut off with its sockets; all that came is all up to there.
        assert got == kept[: len(got)]
        assert len(kept) - len(got) < 40
