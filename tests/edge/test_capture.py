"""One camera is kept open for ever, and says how it is."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import psutil
import pytest

from camera.folder import FolderOptions, FolderSource
from camera.frame import Frame
from camera.host import IsolatedSource
from camera.open import open_camera
from camera.source import Source, SourceLost
from camera.spec import CameraSpec
from edge.bench.framelist import FrameList
from edge.line.capture import CameraStatus, Capture
from tests.bundles import flat


class Notebook:
    """Receives frames and states, and notes them in order."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.finished_after: list[int] = []
        self.statuses: list[CameraStatus] = []

    def take(self, frame: Frame) -> None:
        self.seqs.append(frame.seq)

    def finish(self) -> None:
        self.finished_after.append(len(self.seqs))

    def states(self) -> list[str]:
        return [status.state for status in self.statuses]


@contextmanager
def running(source: Source, notebook: Notebook) -> Iterator[Capture]:
    """The capture in its thread, stopped and joined afterwards."""
    capture = Capture(source, notebook, notebook.statuses.append)
    stop = threading.Event()
    thread = threading.Thread(target=capture.run, args=(stop,))
    thread.start()
    try:
        yield capture
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def eventually(condition: Callable[[], bool]) -> None:
    """Waits until it is so; the limit is generous, for a busy machine."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_camera_that_cannot_be_opened_is_down_and_comes_up_when_it_can(tmp_path: Path) -> None:
    """A folder that appears later: down with a reason and the next try, then up, then ended."""
    folder, notebook = tmp_path / "images", Notebook()
    with running(FolderSource("belt", FolderOptions(folder, fps=0)), notebook) as capture:
        eventually(lambda: capture.status.state == "down")
        assert str(folder) in capture.status.detail
        assert "next try in" in capture.status.detail
        staging = tmp_path / "staging"
        staging.mkdir()
        for number in range(3):
            assert cv2.imwrite(str(staging / f"{number}.png"), flat(number * 40))
        staging.rename(folder)
        eventually(lambda: capture.status.state == "ended")
    assert notebook.seqs == [0, 1, 2]
    assert notebook.states()[-2:] == ["up", "ended"]
    assert notebook.finished_after[-1] == 3


class Flaky(FrameList):
    """Lost after two frames of each opening; the third opening holds."""

    def __init__(self) -> None:
        super().__init__("belt", [flat(0)] * 4)
        self.openings = 0

    def open(self) -> None:
        super().open()
        self.openings += 1

    def read(self, timeout_s: float) -> Frame:
        frame = super().read(timeout_s)
        if frame.seq == 2 and self.openings < 3:
            raise SourceLost("the cable was pulled")
        return frame


def test_a_lost_camera_is_opened_again_soon_and_each_stream_is_finished() -> None:
    """It delivered before, so the first try comes at once after half a second, every time."""
    notebook = Notebook()
    with running(Flaky(), notebook) as capture:
        eventually(lambda: capture.status.state == "ended")
    assert notebook.seqs == [0, 1, 0, 1, 0, 1, 2, 3]
    assert notebook.finished_after == [2, 4, 8]
    assert notebook.states() == ["up", "down", "up", "down", "up", "ended"]
    assert [s.detail for s in notebook.statuses if s.state == "down"] == ["the cable was pulled; next try in 0.5 s"] * 2


class Late(FrameList):
    """Every other frame was taken a minute ago."""

    def read(self, timeout_s: float) -> Frame:
        frame = super().read(timeout_s)
        late_ns = 60_000_000_000 if frame.seq % 2 else 0
        return replace(frame, captured_ns=time.monotonic_ns() - late_ns)


def test_a_frame_that_comes_too_late_is_skipped_and_counted() -> None:
    """Nobody is shown it as if it were now; without a limit all pass."""
    for limit_ms, passed, stale in ((30_000.0, [0, 2, 4], 3), (None, [0, 1, 2, 3, 4, 5], 0)):
        notebook = Notebook()
        capture = Capture(Late("belt", [flat(0)] * 6), notebook, notebook.statuses.append, limit_ms)
        capture.run(threading.Event())
        assert (notebook.seqs, capture.frames, capture.stale) == (passed, len(passed), stale)


class Hanging(FrameList):
    """A driver whose read does not come back until it is freed."""

    def __init__(self) -> None:
        super().__init__("belt", [flat(0)] * 2)
        self.freed = threading.Event()

    def read(self, timeout_s: float) -> Frame:
        if self._next == 1:
            self.freed.wait()
        return super().read(timeout_s)


def test_a_driver_that_does_not_come_back_counts_as_hung() -> None:
    """Only that: a camera that answers, is down or has ended does not."""
    source, notebook = Hanging(), Notebook()
    with running(source, notebook) as capture:
        eventually(lambda: capture.frames == 1 and capture.is_hung(0.05))
        source.freed.set()
        eventually(lambda: capture.status.state == "ended")
        assert not capture.is_hung(0.0)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_camera_process_that_is_killed_or_hangs_is_replaced(how: signal.Signals) -> None:
    """Down with the reason, then up again in another process, by itself; the frames begin a new sequence."""
    source = open_camera(CameraSpec("belt", "pattern:?fps=50&size=160x120", "/", isolate=True))
    assert isinstance(source, IsolatedSource)
    notebook = Notebook()
    with running(source, notebook) as capture:
        eventually(lambda: capture.frames > 5)
        pid = source.pid
        assert pid is not None
        os.kill(pid, how)
        eventually(lambda: "down" in notebook.states() and notebook.states()[-1] == "up")
        assert source.pid not in (pid, None)
        eventually(lambda: len(notebook.seqs) > notebook.finished_after[-1] + 5)
    assert not psutil.pid_exists(pid)
    (reason,) = [status.detail for status in notebook.statuses if status.state == "down"]
    assert ("SIGKILL" if how == signal.SIGKILL else "has not answered") in reason


def test_what_the_receiver_raises_ends_the_capture_and_closes_the_source() -> None:
    """The line has stopped: there is nobody to hand frames to."""

    class Refusing(Notebook):
        def take(self, frame: Frame) -> None:
            raise ZeroDivisionError(f"frame {frame.seq}")

    class Closing(FrameList):
        closed = False

        def close(self) -> None:
            self.closed = True

    source = Closing("belt", [flat(0)])
    with pytest.raises(ZeroDivisionError):
        Capture(source, Refusing(), lambda _: None).run(threading.Event())
    assert source.closed
