"""A network camera that comes and goes, served by a real RTSP server."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from contextlib import closing

import pytest

from camera.host import IsolatedSource
from camera.open import open_camera
from camera.rtsp import RtspOptions, RtspSource, rtsp_options
from camera.source import SourceLost, SourceTimeout, SourceUnavailable
from camera.spec import CameraSpec
from tests.camera.served import RtspServer, started_server

pytestmark = pytest.mark.rtsp


def source_for(server: RtspServer, read_timeout_s: float = 2.0, login: str = "") -> RtspSource:
    url = f"rtsp://{login}127.0.0.1:{server.port}/line"
    return RtspSource("belt", RtspOptions(url, open_timeout_s=10, read_timeout_s=read_timeout_s))


def read_on(source: RtspSource, timeout_s: float = 10) -> None:
    while True:
        source.read(timeout_s)


def test_a_slow_reader_gets_the_newest_frame(rtsp_server: RtspServer) -> None:
    """Frames that nobody took are dropped: after a pause the next frame is fresh, and `seq` shows the gap."""
    source = source_for(rtsp_server)
    source.open()
    first = source.read(10)
    time.sleep(1.0)
    source.read(10)
    fresh = source.read(10)
    source.close()
    assert fresh.seq > first.seq + 5
    assert time.monotonic_ns() - fresh.captured_ns < 900e6


def test_a_stream_that_stops_is_lost_and_comes_back(rtsp_server: RtspServer) -> None:
    """Server gone: SourceLost, and SourceUnavailable on opening; server back: the same source reads again."""
    source = source_for(rtsp_server)
    source.open()
    source.read(10)
    rtsp_server.stop()
    with pytest.raises(SourceLost, match="has stopped"):
        read_on(source)
    source.close()
    with pytest.raises(SourceUnavailable):
        source.open()
    rtsp_server.start()
    source.open()
    assert source.read(10).image_HWC.shape == (240, 320, 3)
    source.close()


def test_a_slowed_camera_goes_on(rtsp_server: RtspServer) -> None:
    """A server that stands still half of the time: frames keep coming, in order, and nothing is lost or opened anew."""
    source = source_for(rtsp_server)
    source.open()
    numbers = [source.read(10).seq]
    for _ in range(6):
        rtsp_server.freeze()
        time.sleep(0.3)
        rtsp_server.thaw()
        numbers += [source.read(10).seq for _ in range(3)]
    source.close()
    assert numbers == sorted(set(numbers))


def test_a_hung_camera_times_out_then_is_lost(rtsp_server: RtspServer) -> None:
    """A camera that keeps the connection but sends nothing: SourceTimeout first, SourceLost after read_timeout."""
    source = source_for(rtsp_server, read_timeout_s=1.5)
    source.open()
    source.read(10)
    rtsp_server.freeze()
    with pytest.raises(SourceTimeout, match="no frame came"):
        read_on(source, timeout_s=0.2)
    with pytest.raises(SourceLost, match="has stopped"):
        read_on(source)
    source.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "live-belt"]


def test_a_password_opens_the_stream_and_never_shows(capfd: pytest.CaptureFixture[str]) -> None:
    """The right password opens, a wrong one does not; neither shows in errors, repr or what OpenCV prints."""
    server = started_server("bob", "p@ss/word")
    try:
        right = source_for(server, login="bob:p%40ss%2Fword@")
        right.open()
        assert right.read(10).width == 320
        right.close()
        wrong = source_for(server, login="bob:hunter2@")
        with pytest.raises(SourceUnavailable, match="user and password") as caught:
            wrong.open()
    finally:
        server.stop()
    printed = capfd.readouterr()
    everything = f"{caught.value} {printed.out} {printed.err} {rtsp_options('rtsp://bob:hunter2@host/a?pwd=hunter2')!r}"
    assert "hunter2" not in everything
    assert "bob" not in everything


def test_opening_a_camera_that_never_answers_ends() -> None:
    """Something listens but says nothing: SourceUnavailable once the open timeout is over."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        source = RtspSource("belt", RtspOptions(f"rtsp://127.0.0.1:{port}/x", open_timeout_s=0.5))
        with pytest.raises(SourceUnavailable, match=r"given 0\.5 s"):
            source.open()


def test_frames_that_waited_are_known_to_be_old(rtsp_server: RtspServer) -> None:
    """After a decoder stood still for two seconds, what waited meanwhile comes with its true age, then fresh frames."""
    source = open_camera(CameraSpec("belt", f"rtsp://127.0.0.1:{rtsp_server.port}/line", "/"))
    assert isinstance(source, IsolatedSource)
    with closing(source):
        source.open()
        for _ in range(25):
            source.read(10)
        assert source.pid is not None
        os.kill(source.pid, signal.SIGSTOP)
        time.sleep(2)
        os.kill(source.pid, signal.SIGCONT)
        ages_ms = [source.read(10).age_ms(time.monotonic_ns()) for _ in range(60)]
    assert max(ages_ms) > 700
    assert ages_ms[-1] < max(ages_ms) / 2
