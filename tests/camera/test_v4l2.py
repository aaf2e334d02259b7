"""Video4Linux cameras: URIs anywhere, pictures where there is a camera."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from camera.open import open_camera
from camera.source import SourceUnavailable, SourceUriError
from camera.spec import CameraSpec
from camera.v4l2 import V4l2Options, V4l2Source, v4l2_options

DEVICES = sorted(Path("/dev").glob("video*"))


def test_its_uri_is_understood() -> None:
    """A number or a path, all options, and mistakes."""
    whole = v4l2_options("/dev/v4l/by-id/cam?size=1280x720&fps=30&fourcc=MJPG&exposure=156&gain=3", Path("/"))
    assert whole == V4l2Options(Path("/dev/v4l/by-id/cam"), (1280, 720), 30, "MJPG", 156, 3)
    assert v4l2_options("2", Path("/")) == V4l2Options(Path("/dev/video2"))
    for body in ("", "0?fourcc=JPEG2", "0?fps=0", "0?hue=3"):
        with pytest.raises(SourceUriError):
            v4l2_options(body, Path("/"))


@pytest.mark.parametrize(("device", "says"), [("/dev/video99", "there is no camera"), ("/dev/null", "is no camera")])
def test_what_is_no_camera_is_unavailable(device: str, says: str) -> None:
    """With what to check."""
    with pytest.raises(SourceUnavailable, match=says):
        V4l2Source("belt", V4l2Options(Path(device))).open()


@pytest.mark.hardware
@pytest.mark.skipif(not DEVICES, reason="there is no /dev/video* on this machine")
def test_a_real_camera_delivers() -> None:
    """Pictures with rising numbers, young by the driver's own clock."""
    with closing(open_camera(CameraSpec("belt", f"v4l2:{DEVICES[0]}", "/"))) as source:
        source.open()
        frames = [source.read(10) for _ in range(5)]
    assert [frame.seq for frame in frames] == sorted({frame.seq for frame in frames})
