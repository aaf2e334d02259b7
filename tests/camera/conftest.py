"""Real files and a real stream for the camera tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.camera.fake_gige import FakeGige, started_camera
from tests.camera.served import RtspServer, started_server


class FakeClock:
    """A clock that moves only when something sleeps on it."""

    def __init__(self) -> None:
        self.now_ns = 10_000_000_000
        self.slept: list[float] = []

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_ns(self) -> int:
        return 1_700_000_000_000_000_000 + self.now_ns

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_ns += round(seconds * 1e9)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def numbered_picture(number: int, width: int = 160, height: int = 120) -> NDArray[np.uint8]:
    """A grainy picture whose mean tells its number, so that its order survives any codec."""
    grain = np.random.default_rng(number).normal(0, 8, (height, width, 3))
    return np.clip(20 + 10 * number + grain + 0.5, 0, 255).astype(np.uint8)


def number_of(image_HWC: NDArray[np.uint8]) -> int:
    return round((float(image_HWC.mean()) - 20) / 10)


def write_video(path: Path, codec: str, count: int = 12, fps: float = 20.0) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (160, 120))
    assert writer.isOpened()
    for number in range(count):
        writer.write(numbered_picture(number))
    writer.release()
    return path


@pytest.fixture
def picture_folder(tmp_path: Path) -> Path:
    """Twelve pictures whose natural order differs from that of their characters."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(12):
        cv2.imwrite(str(folder / f"part{number}.png"), numbered_picture(number))
    return folder


@pytest.fixture
def video_file(tmp_path: Path) -> Path:
    return write_video(tmp_path / "belt.avi", "MJPG")


@pytest.fixture
def rtsp_server() -> Iterator[RtspServer]:
    server = started_server()
    yield server
    server.stop()


@pytest.fixture
def gige() -> Iterator[FakeGige]:
    camera = started_camera()
    yield camera
    camera.unplug()
