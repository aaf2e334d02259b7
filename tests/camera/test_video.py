"""A video file as a camera, whole and broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from camera.source import SourceEnded, SourceLost, SourceUnavailable
from camera.video import VideoOptions, VideoSource
from tests.camera.conftest import FakeClock, number_of, write_video


def numbers_until_end(source: VideoSource, numbers: list[int] | None = None) -> None:
    """Read until the source raises; what it delivered is appended to `numbers`."""
    while True:
        number = number_of(source.read(1).image_HWC)
        if numbers is not None:
            numbers.append(number)


@pytest.mark.parametrize(("suffix", "codec"), [(".avi", "MJPG"), (".mp4", "mp4v")])
def test_every_frame_comes_once_then_the_end(tmp_path: Path, suffix: str, codec: str) -> None:
    """All frames come in order, then SourceEnded; the path may hold Chinese characters, spaces and %."""
    path = write_video(tmp_path / f"產線 100% a{suffix}", codec)
    source = VideoSource("belt", VideoOptions(path, fps=0))
    source.open()
    assert [number_of(source.read(1).image_HWC) for _ in range(12)] == list(range(12))
    with pytest.raises(SourceEnded, match="all 12 frames"):
        source.read(1)
    source.close()


def test_the_file_sets_the_pace_unless_told_otherwise(video_file: Path, clock: FakeClock) -> None:
    """A 20 fps file is read at 20 fps; fps=5 overrules it; fps=0 waits for nothing."""
    for fps, period_s in ((None, 0.05), (5.0, 0.2), (0.0, 0.0)):
        source = VideoSource("belt", VideoOptions(video_file, fps), clock)
        source.open()
        first, second = source.read(1), source.read(1)
        source.close()
        assert (second.captured_ns - first.captured_ns) / 1e9 == pytest.approx(period_s)


def test_a_looping_video_begins_again(video_file: Path) -> None:
    """With loop=1 the first frame follows the last, while `seq` goes on; a file that vanishes ends it."""
    source = VideoSource("belt", VideoOptions(video_file, fps=0, loop=True))
    source.open()
    frames = [source.read(1) for _ in range(26)]
    assert [number_of(frame.image_HWC) for frame in frames] == [*range(12), *range(12), 0, 1]
    assert [frame.seq for frame in frames] == list(range(26))
    video_file.unlink()
    with pytest.raises(SourceLost, match="no video file"):
        numbers_until_end(source)
    source.close()


def test_a_truncated_avi_ends_where_its_frames_do(video_file: Path) -> None:
    """Half an AVI gives its first frames, then SourceEnded says that it may have been cut short."""
    whole = video_file.read_bytes()
    video_file.write_bytes(whole[: len(whole) // 2])
    source = VideoSource("belt", VideoOptions(video_file, fps=0))
    source.open()
    numbers: list[int] = []
    with pytest.raises(SourceEnded, match="of 12 frames; it may have been cut short"):
        numbers_until_end(source, numbers)
    assert 0 < len(numbers) < 12
    # FFmpeg completes the frame at the cut from the one before it, so the last number is not checked.
    assert numbers[:-1] == list(range(len(numbers) - 1))
    source.close()


def test_what_is_no_video_is_unavailable(tmp_path: Path) -> None:
    """An empty file, text, a truncated MP4 (its index is at the end) and a folder raise SourceUnavailable."""
    mp4 = write_video(tmp_path / "cut.mp4", "mp4v")
    mp4.write_bytes(mp4.read_bytes()[:-400])
    (tmp_path / "empty.avi").write_bytes(b"")
    (tmp_path / "text.avi").write_text("no video")
    (tmp_path / "folder.avi").mkdir()
    for name in ("cut.mp4", "empty.avi", "text.avi", "folder.avi"):
        source = VideoSource("belt", VideoOptions(tmp_path / name))
        with pytest.raises(SourceUnavailable, match=name):
            source.open()
        source.close()


def test_a_damaged_video_never_raises_anything_else(video_file: Path) -> None:
    """Bytes flipped all over a video cost frames or end it; nothing else leaves the source."""
    damaged = bytearray(video_file.read_bytes())
    for position in range(300, len(damaged), 97):
        damaged[position] ^= 0xFF
    video_file.write_bytes(bytes(damaged))
    source = VideoSource("belt", VideoOptions(video_file, fps=0))
    source.open()
    numbers: list[int] = []
    with pytest.raises((SourceEnded, SourceLost)):
        numbers_until_end(source, numbers)
    assert len(numbers) <= 12
    source.close()
