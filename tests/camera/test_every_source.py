"""What holds for every camera, run on each of them."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from camera.open import open_camera, open_source
from camera.source import Source, SourceLost, SourceTimeout, SourceUnavailable
from camera.spec import CameraSpec

KINDS = ["folder", "file", "pattern", "aravis", pytest.param("rtsp", marks=pytest.mark.rtsp)]


@pytest.fixture(params=KINDS)
def uri(request: pytest.FixtureRequest) -> str:
    """A working URI of each kind, relative to the test's folder where it names a path."""
    kind = str(request.param)
    if kind == "folder":
        request.getfixturevalue("picture_folder")
        return "folder:pictures?fps=100"
    if kind == "file":
        request.getfixturevalue("video_file")
        return "file:belt.avi?fps=100"
    if kind == "rtsp":
        server = request.getfixturevalue("rtsp_server")
        return f"rtsp://127.0.0.1:{server.port}/line#read_timeout=2"
    if kind == "aravis":
        return f"aravis:{request.getfixturevalue('gige').name}?format=BayerRG8&fps=50"
    return "pattern:?fps=100&size=320x240"


@pytest.fixture(params=[False, True], ids=["in-process", "isolated"])
def source(request: pytest.FixtureRequest, uri: str, tmp_path: Path) -> Iterator[Source]:
    with closing(open_camera(CameraSpec("belt", uri, str(tmp_path), isolate=request.param))) as source:
        yield source


def test_frames_follow_the_contract(source: Source) -> None:
    """Frames are uint8 BGR in one block, carry the camera's name, count up from 0 and never go back in time."""
    before_ns = time.monotonic_ns()
    source.open()
    frames = [source.read(10) for _ in range(4)]
    source.close()
    assert frames[0].seq >= 0
    for frame in frames:
        assert frame.image_HWC.dtype == np.uint8
        assert frame.image_HWC.shape == (frame.height, frame.width, 3)
        assert frame.image_HWC.flags.c_contiguous
        assert frame.source == "belt"
        assert frame.trigger is None
        assert abs(frame.wall_ns - time.time_ns()) < 60e9
    stamps = [before_ns, *(frame.captured_ns for frame in frames), time.monotonic_ns()]
    assert stamps == sorted(stamps)
    assert all(a.seq < b.seq for a, b in itertools.pairwise(frames))


def test_a_source_is_created_unopened(source: Source) -> None:
    """Before `open`, `read` raises SourceLost and `close` does nothing, however often."""
    assert source.name == "belt"
    with pytest.raises(SourceLost, match="not open"):
        source.read(0.1)
    source.close()
    source.close()


def test_reading_resumes_after_close_and_open(source: Source) -> None:
    """A source may be closed and opened again: it counts from 0 again, and no thread is left behind."""
    threads_before = threading.active_count()
    for _ in range(2):
        source.open()
        assert source.read(10).seq <= 100  # a stream may begin with what its server has stored
        source.read(10)
        source.close()
        source.close()
        with pytest.raises(SourceLost, match="not open"):
            source.read(0.1)
    assert threading.active_count() == threads_before


@pytest.mark.parametrize("uri", ["folder:pictures?fps=2", "file:belt.avi?fps=2", "pattern:?fps=2"])
def test_no_frame_in_time_is_a_timeout_and_loses_nothing(
    uri: str, tmp_path: Path, picture_folder: Path, video_file: Path
) -> None:
    """`read` gives up after its timeout with SourceTimeout; the frame still comes when it is due."""
    source = open_source(uri, "belt", tmp_path)
    source.open()
    assert source.read(1).seq == 0
    with pytest.raises(SourceTimeout):
        source.read(0.02)
    assert source.read(5).seq == 1
    source.close()


@pytest.mark.parametrize("uri", ["folder:nowhere", "file:nowhere.avi", "rtsp://bob:secret@127.0.0.1:9/x"])
def test_what_is_not_there_is_unavailable(uri: str, tmp_path: Path) -> None:
    """Opening what does not exist raises SourceUnavailable with what to check; closing afterwards is safe."""
    source = open_source(uri, "belt", tmp_path)
    with pytest.raises(SourceUnavailable, match="check") as caught:
        source.open()
    assert "secret" not in str(caught.value)
    source.close()
