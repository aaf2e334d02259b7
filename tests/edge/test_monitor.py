"""Metrics and health over HTTP, from a real line."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from camera.folder import FolderSource, folder_options
from edge.bench.framelist import FrameList
from edge.errors import ConfigError
from edge.line.plan import CameraPlan
from edge.monitoring.monitor import Monitor
from tests.bundles import flat
from tests.edge.lines import built_line


def asked(address: str, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(address + path, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_what_is_scraped_is_what_the_ledger_says(small_bundle: Path, tmp_path: Path) -> None:
    """Counts by camera and status, a balance of 0, one entry a verdict in each stage's histogram; health is 200."""
    images = [flat(255 if n % 3 == 0 else 0, 64) for n in range(30)]
    with (
        built_line(small_bundle, tmp_path, [CameraPlan(FrameList("belt", images), waits=True)]) as bench,
        Monitor("127.0.0.1", 0, bench.line.state) as monitor,
    ):
        bench.line.start()
        assert bench.line.wait(60)
        bench.line.stop()
        code, text = asked(monitor.address, "/metrics")
        health = asked(monitor.address, "/healthz")
        lost = asked(monitor.address, "/../../etc/passwd")[0]
        assert asked(monitor.address, "/readyz")[0] == 200
    samples = [s for family in text_string_to_metric_families(text.decode()) for s in family.samples]
    by_status = {s.labels["status"]: s.value for s in samples if s.name == "edgevl_verdicts_total"}
    values = {s.name: s.value for s in samples}
    assert (code, lost) == (200, 404)
    assert by_status == {"OK": 20, "NG": 10}
    assert (values["edgevl_triggers_total"], values["edgevl_unaccounted"], values["edgevl_store_ok"]) == (30, 0, 1)
    assert {s.value for s in samples if s.name == "edgevl_stage_seconds_count"} == {30}
    assert (health[0], msgspec.json.decode(health[1])) == (200, {"ok": True, "problems": []})


def test_a_camera_that_is_down_makes_the_line_unhealthy(small_bundle: Path, tmp_path: Path) -> None:
    """503, and the sentence names the camera."""
    source = FolderSource("belt", folder_options("absent", tmp_path))
    with (
        built_line(small_bundle, tmp_path / "data", [CameraPlan(source)]) as bench,
        Monitor("127.0.0.1", 0, bench.line.state) as monitor,
    ):
        bench.line.start()
        while bench.line.statuses()["belt"].state != "down":
            bench.line.wait(0.05)
        code, body = asked(monitor.address, "/healthz")
        bench.line.stop()
    assert code == 503
    assert "camera belt is down" in msgspec.json.decode(body)["problems"][0]


def test_those_who_never_finish_asking_do_not_lock_others_out(small_bundle: Path, tmp_path: Path) -> None:
    """Forty connections that send half a request, and rubbish: the next one is answered."""
    with (
        built_line(small_bundle, tmp_path, [CameraPlan(FrameList("belt", []), waits=True)]) as bench,
        Monitor("127.0.0.1", 0, bench.line.state) as monitor,
    ):
        port = int(monitor.address.rpartition(":")[2])
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
        for connection in slow:
            connection.sendall(b"GET /metr")
        with socket.create_connection(("127.0.0.1", port)) as rude:
            rude.sendall(b"\x00\xff" * 1000 + b"\r\n\r\n")
        assert asked(monitor.address, "/readyz")[0] == 200
        for connection in slow:
            connection.close()


def test_a_port_that_is_taken_is_one_sentence(small_bundle: Path, tmp_path: Path) -> None:
    """It names the key to change."""
    with (
        built_line(small_bundle, tmp_path, [CameraPlan(FrameList("belt", []), waits=True)]) as bench,
        Monitor("127.0.0.1", 0, bench.line.state) as monitor,
        pytest.raises(ConfigError, match=r"`port` in \[metrics\]"),
    ):
        Monitor("127.0.0.1", int(monitor.address.rpartition(":")[2]), bench.line.state)
