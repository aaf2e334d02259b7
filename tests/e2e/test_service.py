"""The service as a process: signals, kill -9, systemd's notifications, cameras and dashboards that fail."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
import urllib.request
from pathlib import Path

import cv2
import pytest

from edge.feed.subscribe import Subscription
from edge.messages import CameraReport, Verdict
from edge.store.database import DATABASE
from edge.store.history import History
from edge.store.opening import open_store
from edge.store.store import StoreLimits
from tests.bundles import flat, make_bundle
from tests.e2e.line_process import accounts_in, free_address, start_line, write_line

BUSY = {"left": "pattern:?fps=40&size=160x120", "right": "pattern:?fps=40&size=160x120&seed=5"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "brightness").path


def read_verdicts(reader: Subscription, number: int) -> list[Verdict]:
    """The next verdicts, as soon as there are so many."""
    verdicts: list[Verdict] = []
    deadline = time.monotonic() + 60
    while len(verdicts) < number:
        assert time.monotonic() < deadline, f"{len(verdicts)} verdicts only"
        received = reader.receive(0.5)
        if received is not None and isinstance(received[0], Verdict):
            verdicts.append(received[0])
    return verdicts


def state_of(reader: Subscription, camera: str, state: str) -> CameraReport:
    """The first report that says so."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        received = reader.receive(0.5)
        message = received[0] if received else None
        if isinstance(message, CameraReport) and (message.camera, message.state) == (camera, state):
            return message
    raise AssertionError(f"{camera} was never {state}")


def test_sigterm_ends_a_line_in_order(bundle: Path, tmp_path: Path) -> None:
    """Exit code 0, an account that balances, and every verdict that was counted is on disk."""
    feed = free_address()
    line = start_line(write_line(tmp_path, bundle, feed, BUSY), feed)
    with line.reader() as reader:
        read_verdicts(reader, 30)
        code, log = line.end(signal.SIGTERM)
    accounts = accounts_in(log)
    assert code == 0
    assert set(accounts) == set(BUSY)
    for triggers, verdicts, ok, ng, undecided, dropped, unaccounted in accounts.values():
        assert triggers == verdicts + dropped
        assert verdicts == ok + ng + undecided
        assert unaccounted == 0
    assert History(tmp_path / "data").totals().total == sum(row[1] for row in accounts.values())


def test_kill_9_loses_no_published_verdict(bundle: Path, tmp_path: Path) -> None:
    """Three times killed at work: the next start finds a sound store, and in it all that anyone has heard."""
    heard: set[str] = set()
    feed = free_address()
    line_file = write_line(tmp_path, bundle, feed, BUSY)
    for kill in range(3):
        line = start_line(line_file, feed)
        with line.reader() as reader:
            verdicts = read_verdicts(reader, 30 + 17 * kill)
            code, log = line.end(signal.SIGKILL)
            while (received := reader.receive(0.3)) is not None:
                verdicts += [received[0]] if isinstance(received[0], Verdict) else []
        assert code == -signal.SIGKILL
        assert "damaged" not in log
        heard |= {verdict.id for verdict in verdicts}
    said: list[str] = []
    with open_store(tmp_path / "data", StoreLimits(), said.append):
        stored = {row.verdict.id for row in History(tmp_path / "data").recent(100_000)}
    assert said == []
    assert heard <= stored
    assert len({identity.rsplit("-", 2)[0] for identity in stored}) == 3


def test_a_camera_that_cannot_be_opened_does_not_stop_the_line(bundle: Path, tmp_path: Path) -> None:
    """It is shown as down and retried; when its folder appears it comes up."""
    feed = free_address()
    cameras = {"late": "folder:images?loop=1&fps=20", "well": "pattern:?fps=10&size=160x120"}
    line = start_line(write_line(tmp_path, bundle, feed, cameras), feed)
    try:
        with line.reader() as reader:
            down = state_of(reader, "late", "down")
            assert "images" in down.detail
            (tmp_path / "staging").mkdir()
            assert cv2.imwrite(str(tmp_path / "staging/0.png"), flat(255))
            (tmp_path / "staging").rename(tmp_path / "images")
            state_of(reader, "late", "up")
    finally:
        code, log = line.end(signal.SIGINT)
    assert code == 0
    assert all(row[0] > 0 for row in accounts_in(log).values())


def test_a_line_of_finite_cameras_ends_by_itself(bundle: Path, tmp_path: Path) -> None:
    """A folder read as fast as it can be: each picture exactly once, and exit code 0."""
    (tmp_path / "images").mkdir()
    for number in range(40):
        assert cv2.imwrite(str(tmp_path / f"images/{number}.png"), flat(255 if number < 10 else 0))
    feed = free_address()
    code, log = start_line(write_line(tmp_path, bundle, feed, {"belt": "folder:images?fps=0"}), feed).wait()
    assert code == 0
    assert accounts_in(log) == {"belt": [40, 40, 30, 10, 0, 0, 0]}


def test_systemd_is_told_how_the_line_is(bundle: Path, tmp_path: Path) -> None:
    """READY when it runs, WATCHDOG while it moves, STOPPING at the end."""
    feed = free_address()
    address = str(tmp_path / "notify")
    heard: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(60)
        environment = {**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "4000000"}
        line = start_line(write_line(tmp_path, bundle, feed, BUSY), feed, environment)
        while sum("WATCHDOG=1" in state for state in heard) < 3:
            heard.append(systemd.recv(1000).decode())
        line.end(signal.SIGTERM)
        while "STOPPING=1" not in heard:
            heard.append(systemd.recv(1000).decode())
    assert heard[0] == "READY=1"
    assert "left up; right up" in heard[-2]


def test_a_bad_bundle_or_address_has_its_exit_code_and_one_sentence(bundle: Path, tmp_path: Path) -> None:
    """4 for the bundle, naming the file; 3 for the line file, here an address that is taken."""
    damaged = tmp_path / "damaged"
    shutil.copytree(bundle, damaged)
    (damaged / "model.int8.onnx").write_bytes(b"x")
    feed = free_address()
    code, log = start_line(write_line(tmp_path, damaged, feed, BUSY), feed).wait()
    assert (code, "model.int8.onnx" in log, "Traceback" in log) == (4, True, False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        feed = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        code, log = start_line(write_line(tmp_path, bundle, feed, BUSY), feed).wait()
    assert (code, "[feed]" in log, "Traceback" in log) == (3, True, False)


def test_a_damaged_database_does_not_stop_the_line(bundle: Path, tmp_path: Path) -> None:
    """It is set aside, the log says where, and the line works with a new one."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / DATABASE).write_bytes(b"this is no database" * 1000)
    feed = free_address()
    code, log = start_line(write_line(tmp_path, bundle, feed, BUSY), feed, seconds=1.5).wait()
    assert code == 0
    (aside,) = (tmp_path / "data").glob(f"damaged-*-{DATABASE}")
    assert f"set aside as {aside.name}" in log
    assert History(tmp_path / "data").totals().total > 0


def page(port: int) -> str:
    """The dashboard's page, as soon as it answers."""
    deadline = time.monotonic() + 60
    while is_free(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
        return str(answer.read(), "utf-8")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_dashboard_comes_and_goes_with_the_line(bundle: Path, tmp_path: Path, how: signal.Signals) -> None:
    """It answers while the line runs; its port is free afterwards, even after kill -9."""
    feed = free_address()
    port = int(free_address().rsplit(":", 1)[1])
    line = start_line(write_line(tmp_path, bundle, feed, BUSY, port), feed)
    try:
        assert "<html" in page(port)
    finally:
        line.end(how)
    deadline = time.monotonic() + 30
    while not is_free(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert is_free(port)
