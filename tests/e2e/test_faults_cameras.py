"""Cameras that die, hang, go away and send rubbish: the line answers every part, and is at its full rate again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bundles import make_bundle
from tests.camera.conftest import write_video
from tests.camera.fake_gige import started_camera
from tests.camera.served import started_server
from tests.e2e.fault_line import line_at_full_rate
from tests.e2e.line_process import free_address
from tests.e2e.pusher import Pusher, damaged_messages

PATTERNS = {"left": "pattern:?fps=20&size=160x120", "right": "pattern:?fps=20&size=160x120&seed=5"}
RATES = {"left": 20.0, "right": 20.0}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "brightness").path


def test_a_killed_camera_process_comes_back(bundle: Path, tmp_path: Path) -> None:
    """SIGKILL: the camera is down and says by what, then up in another process; the other camera goes on."""
    with line_at_full_rate(tmp_path, bundle, PATTERNS, RATES, "isolate = true") as harmed:
        victim = harmed.camera_processes()[0]
        heard = len(harmed.verdicts)
        victim.kill()
        harmed.until(lambda: any("SIGKILL" in r.detail for r in harmed.reports.values()), "the kill is reported")
        (hit,) = (camera for camera, report in harmed.reports.items() if "SIGKILL" in report.detail)
        other = next(camera for camera in PATTERNS if camera != hit)
        harmed.until_state(hit, "up")
        harmed.until(lambda: any(v.camera == other for v in harmed.verdicts[heard:]), f"{other} goes on")
        assert victim.pid not in {child.pid for child in harmed.camera_processes()}


@pytest.mark.slow
def test_a_hung_camera_process_comes_back(bundle: Path, tmp_path: Path) -> None:
    """SIGSTOP: given up after its patience, ended and replaced."""
    with line_at_full_rate(tmp_path, bundle, PATTERNS, RATES, "isolate = true") as harmed:
        victim = harmed.camera_processes()[0]
        victim.suspend()
        harmed.until(lambda: any("has not answered" in r.detail for r in harmed.reports.values()), "it is given up")
        assert not victim.is_running()


@pytest.mark.rtsp
def test_a_restarted_rtsp_server_is_read_again(bundle: Path, tmp_path: Path) -> None:
    """Gone: the camera is down; back: at full rate."""
    server = started_server()
    cameras = {"net": f"rtsp://127.0.0.1:{server.port}/line#read_timeout=2", "left": PATTERNS["left"]}
    try:
        with line_at_full_rate(tmp_path, bundle, cameras, {"net": 25.0, "left": 20.0}) as harmed:
            server.stop()
            harmed.until_state("net", "down")
            server.start()
    finally:
        server.stop()


@pytest.mark.slow
def test_a_gige_camera_that_was_gone_is_read_again(bundle: Path, tmp_path: Path) -> None:
    """The device is unplugged and plugged in again."""
    device = started_camera()
    cameras = {"gige": f"aravis:{device.name}?fps=20", "left": PATTERNS["left"]}
    try:
        with line_at_full_rate(tmp_path, bundle, cameras, {"gige": 20.0, "left": 20.0}) as harmed:
            device.unplug()
            harmed.until_state("gige", "down")
            device.start()
    finally:
        device.unplug()


def test_damaged_pictures_of_another_program_are_no_parts(bundle: Path, tmp_path: Path) -> None:
    """Cut short, garbled, empty: none becomes a verdict, and the good ones between them all do."""
    address = free_address()
    with Pusher(address, fps=20) as pusher:
        with line_at_full_rate(tmp_path, bundle, {"scanner": f"zmq:{address}"}, {"scanner": 20.0}) as harmed:
            heard = len(harmed.verdicts)
            for message in damaged_messages() * 3:
                pusher.push(message)
            harmed.until(lambda: len(harmed.verdicts) > heard + 60, "verdicts after the damage")
        seqs = [verdict.frame_seq for verdict in harmed.verdicts]
        assert seqs == sorted(set(seqs))


@pytest.fixture
def damaged_video(tmp_path: Path) -> Path:
    """An MJPEG film with holes in the middle, and cut off at the end."""
    path = write_video(tmp_path / "belt.avi", "MJPG", count=60)
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 4, len(content) * 3 // 4, len(content) // 16):
        content[place : place + 900] = bytes(900)
    path.write_bytes(content[: len(content) * 9 // 10])
    return path


def test_a_damaged_film_does_not_stop_the_line(bundle: Path, tmp_path: Path, damaged_video: Path) -> None:
    """Played over and over: what can be decoded is judged, and the camera beside it keeps its rate."""
    cameras = {"film": f"file:{damaged_video}?loop=1&fps=20", "left": PATTERNS["left"]}
    with line_at_full_rate(tmp_path, bundle, cameras, {"left": 20.0}) as harmed:
        harmed.until(lambda: sum(v.camera == "film" for v in harmed.verdicts) > 120, "the film is judged again")
