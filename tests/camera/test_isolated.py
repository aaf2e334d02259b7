"""A camera in its own process: what happens to the process never happens to the line."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from camera.frame import Frame
from camera.host import IsolatedSource
from camera.open import open_camera
from camera.source import Source, SourceEnded, SourceLost, SourceTimeout, SourceUnavailable
from camera.spec import CameraSpec
from tests.camera.conftest import number_of, numbered_picture, write_video

ROOT = Path(__file__).parents[2]
PATTERN = "pattern:?fps=100&size=160x120"


def isolated(uri: str, folder: Path = ROOT, memory_mb: int = 1000) -> IsolatedSource:
    source = open_camera(CameraSpec("belt", uri, str(folder), isolate=True, memory_mb=memory_mb))
    assert isinstance(source, IsolatedSource)
    return source


@pytest.fixture
def belt() -> Iterator[IsolatedSource]:
    """A simulated belt in its own process, open."""
    with closing(isolated(PATTERN)) as source:
        source.open()
        yield source


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def open_files() -> set[str]:
    """What this process holds open, as the kernel names it; without the folder being listed."""
    gc.collect()
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]  # not the listing itself
    return {f"{link.name} {link.readlink()}" for link in links}


def read_on(source: Source, timeout_s: float, note: Callable[[Frame], None] = lambda _: None) -> None:
    """Until the source raises."""
    while True:
        note(source.read(timeout_s))


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_the_pictures_are_those_of_the_source_itself() -> None:
    """Same pixels, same numbers, stamped in the camera's process on the clock that all processes share."""
    uri = "pattern:?fps=0&size=160x120"
    bare = open_camera(CameraSpec("belt", uri, "/", isolate=False))
    bare.open()
    with closing(isolated(uri)) as source:
        source.open()
        for expected in [bare.read(1) for _ in range(5)]:
            before_ns = time.monotonic_ns()
            frame = source.read(5)
            assert (frame.source, frame.seq) == ("belt", expected.seq)
            assert before_ns <= frame.captured_ns <= time.monotonic_ns()
            np.testing.assert_array_equal(frame.image_HWC, expected.image_HWC)


def test_a_finite_source_loses_nothing_and_then_ends(tmp_path: Path) -> None:
    """However slowly it is read, each frame of a video comes once and in order, then SourceEnded with its sentence."""
    write_video(tmp_path / "belt.avi", "MJPG")
    with closing(isolated("file:belt.avi?fps=0", tmp_path)) as source:
        source.open()
        numbers: list[int] = []
        with pytest.raises(SourceEnded, match="all 12 frames"):
            read_on(source, 5, lambda frame: numbers.append(number_of(frame.image_HWC)))
    assert numbers == list(range(12))


def test_a_picture_stays_as_it_is_for_as_long_as_anyone_holds_it(belt: IsolatedSource) -> None:
    """More pictures are kept than there are slots, or only a part of them: none changes, and the camera goes on."""
    frames = [belt.read(5) for _ in range(40)]
    copies = [frame.image_HWC.copy() for frame in frames]
    corners = [frame.image_HWC[10:20, 30:50] for frame in frames]
    assert not frames[3].image_HWC.flags.writeable
    frames.clear()
    for _ in range(40):
        belt.read(5)
    for corner, copied in zip(corners, copies, strict=True):
        np.testing.assert_array_equal(corner, copied[10:20, 30:50])


def test_slots_come_back_when_their_pictures_are_gone(belt: IsolatedSource) -> None:
    """Over many frames the memory that is shared does not grow beyond what is held at once."""
    for _ in range(30):
        belt.read(5)
    assert belt.pid is not None
    before = psutil.Process(belt.pid).memory_info().shared
    for _ in range(300):
        belt.read(5)
    assert psutil.Process(belt.pid).memory_info().shared - before < 20 * 160 * 120 * 3


def test_pictures_may_grow(tmp_path: Path) -> None:
    """A larger picture gets larger memory; the smaller one before it stays intact."""
    (tmp_path / "pictures").mkdir()
    sizes = [(64, 48), (640, 480), (32, 24), (1280, 960)]
    for number, (width, height) in enumerate(sizes):
        cv2.imwrite(str(tmp_path / f"pictures/{number}.png"), numbered_picture(number, width, height))
    with closing(isolated("folder:pictures?fps=0", tmp_path)) as source:
        source.open()
        frames = [source.read(5) for _ in sizes]
    assert [(frame.width, frame.height) for frame in frames] == sizes
    assert [number_of(frame.image_HWC) for frame in frames] == [0, 1, 2, 3]


def test_no_frame_in_time_is_a_timeout_and_the_camera_stays(tmp_path: Path) -> None:
    """The source's own SourceTimeout comes through; its process goes on."""
    with closing(isolated("pattern:?fps=2&size=160x120", tmp_path)) as source:
        source.open()
        first, pid = source.read(5).seq, source.pid
        with pytest.raises(SourceTimeout):
            read_on(source, 0.001)
        assert source.read(5).seq > first
        assert source.pid == pid


def test_a_killed_process_is_a_lost_camera_that_opens_again(belt: IsolatedSource) -> None:
    """kill -9: SourceLost says by what, and the next `open` is another process that delivers."""
    belt.read(5)
    assert belt.pid is not None
    os.kill(belt.pid, signal.SIGKILL)
    with pytest.raises(SourceLost, match="SIGKILL"):
        read_on(belt, 5)
    with pytest.raises(SourceLost, match="not open"):
        belt.read(5)
    belt.open()
    assert belt.read(5).width == 160


def test_a_hung_driver_is_killed(belt: IsolatedSource, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that stands still (SIGSTOP) is given up on, ended, and replaced."""
    monkeypatch.setattr("camera.host.HANG_S", 0.5)
    belt.read(5)
    pid = belt.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(SourceLost, match="has not answered for"):
        read_on(belt, 0.1)
    assert not psutil.pid_exists(pid)
    belt.open()
    belt.read(5)


def test_a_leaking_driver_is_ended_before_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above `memory_mb` the process is ended, and the sentence says which key to raise."""
    monkeypatch.setattr("camera.host._MEMORY_EVERY_S", 0.0)
    with closing(isolated(PATTERN, memory_mb=1)) as source:
        source.open()
        with pytest.raises(SourceLost, match="raise its `memory_mb`"):
            source.read(5)


def test_what_cannot_be_opened_says_why(tmp_path: Path) -> None:
    """The camera's own sentence comes through, and no process stays."""
    before = psutil.Process().children()
    source = isolated("folder:nowhere", tmp_path)
    with pytest.raises(SourceUnavailable, match="nowhere cannot be read"):
        source.open()
    assert source.pid is None
    assert psutil.Process().children() == before


def test_ctrl_c_and_systemds_sigterm_are_left_to_the_line(belt: IsolatedSource) -> None:
    """Both reach every process of a service; the camera goes on until the line ends it."""
    assert belt.pid is not None
    os.kill(belt.pid, signal.SIGINT)
    os.kill(belt.pid, signal.SIGTERM)
    assert [belt.read(5).width for _ in range(3)] == [160] * 3


def test_nothing_is_left_after_many_openings() -> None:
    """No process, no file, no mapping once the last picture is gone."""
    files, children = open_files(), psutil.Process().children()
    with closing(isolated(PATTERN)) as source:
        for _ in range(4):
            source.open()
            frame = source.read(5)
            source.close()
        assert frame.width == 160
        del frame
    assert open_files() == files
    assert psutil.Process().children() == children


HOLDER = """
import sys, time
from camera.open import open_camera
from camera.spec import CameraSpec
source = open_camera(CameraSpec("belt", "pattern:?fps=100&size=160x120", "/", isolate=True))
source.open()
frames = [source.read(5) for _ in range(5)]
print(source.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("stopped", [False, True])
def test_kill_9_of_the_line_leaves_no_process_and_no_shared_memory(stopped: bool) -> None:
    """Not even where the camera's process stands still and could notice nothing itself."""
    shared_before = set(Path("/dev/shm").iterdir())
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True, cwd=ROOT) as holder:
        assert holder.stdout is not None
        pid = int(holder.stdout.readline())
        assert is_alive(pid)
        assert set(Path("/dev/shm").iterdir()) == shared_before
        if stopped:
            os.kill(pid, signal.SIGSTOP)
        holder.kill()
    eventually(lambda: not is_alive(pid))
    assert set(Path("/dev/shm").iterdir()) == shared_before


@pytest.mark.parametrize(
    ("uri", "isolate", "expected"),
    [
        ("pattern:", None, False),
        ("pattern:", True, True),
        ("file:belt.avi", None, True),
        ("file:belt.avi", False, False),
        ("rtsp://127.0.0.1/x", None, True),
    ],
)
def test_a_camera_is_isolated_unless_it_cannot_hang_or_the_line_file_decides(
    uri: str, isolate: bool | None, expected: bool
) -> None:
    """`isolate` of the line file comes before the choice by kind."""
    source = open_camera(CameraSpec("belt", uri, "/", isolate=isolate))
    assert isinstance(source, IsolatedSource) is expected
