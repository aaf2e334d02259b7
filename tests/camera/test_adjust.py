"""What is done to every camera's pictures."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from camera.adjust import Adjustments
from camera.open import open_camera
from camera.source import SourceLost, SourceUriError
from camera.spec import CameraSpec
from tests.camera.conftest import numbered_picture

STRAIGHT = "[[200.0, 0, 79.5], [0, 200.0, 59.5], [0, 0, 1]]"


def lens(folder: Path, distortion: str, size: str = "[160, 120]") -> str:
    file = folder / "lens.toml"
    file.write_text(f"size = {size}\ncamera_matrix = {STRAIGHT}\ndistortion = {distortion}\n")
    return str(file)


def spec(folder: Path, adjust: Adjustments) -> CameraSpec:
    """A camera over a folder with one picture of 160x120."""
    (folder / "pictures").mkdir(exist_ok=True)
    cv2.imwrite(str(folder / "pictures/0.png"), numbered_picture(3))
    return CameraSpec("belt", "folder:pictures?fps=0", str(folder), adjust)


def first(folder: Path, adjust: Adjustments) -> tuple[np.ndarray, float | None]:
    with closing(open_camera(spec(folder, adjust))) as source:
        source.open()
        frame = source.read(5)
    return frame.image_HWC, frame.px_per_mm


@pytest.mark.parametrize(("degrees", "turns"), [(0, 0), (90, -1), (180, 2), (270, 1)])
def test_pictures_are_turned_clockwise_and_carry_their_scale(tmp_path: Path, degrees: int, turns: int) -> None:
    """Turning moves whole pixels; the scale comes along."""
    image_HWC, px_per_mm = first(tmp_path, Adjustments(rotate=degrees, px_per_mm=12.5))  # type: ignore[arg-type]
    np.testing.assert_array_equal(image_HWC, np.rot90(numbered_picture(3), turns))
    assert px_per_mm == 12.5


def test_the_scale_and_the_turn_survive_a_process_of_its_own(tmp_path: Path) -> None:
    """They are applied in the camera's process, off the line's."""
    whole = spec(tmp_path, Adjustments(rotate=90, px_per_mm=4))
    with closing(open_camera(msgspec.structs.replace(whole, isolate=True))) as source:
        source.open()
        frame = source.read(5)
        assert (frame.width, frame.height, frame.px_per_mm) == (120, 160, 4)


def test_a_lens_without_distortion_changes_nothing_and_a_barrel_is_straightened(tmp_path: Path) -> None:
    """A line that the lens bent is straight afterwards, to a pixel."""
    image_HWC, _ = first(tmp_path, Adjustments(undistort=lens(tmp_path, "[0, 0, 0, 0]")))
    np.testing.assert_allclose(image_HWC, numbered_picture(3), atol=1)
    matrix, barrel = np.array(json.loads(STRAIGHT)), np.array([-0.4, 0.1, 0.0, 0.0])
    straight = np.stack([np.linspace(5, 155, 151), np.full(151, 20.0)], axis=1)
    rays = np.hstack([(straight - [79.5, 59.5]) / 200, np.ones((151, 1))])
    bent, _ = cv2.projectPoints(rays, np.zeros(3), np.zeros(3), matrix, barrel)
    picture = np.zeros((120, 160, 3), np.uint8)
    cv2.polylines(picture, [np.round(bent).astype(np.int32)], False, (255, 255, 255), 1)
    adjust = Adjustments(undistort=lens(tmp_path, "[-0.4, 0.1, 0, 0]"))
    whole = spec(tmp_path, adjust)
    cv2.imwrite(str(tmp_path / "pictures/0.png"), picture)
    with closing(open_camera(whole)) as source:
        source.open()
        flat_HW = source.read(5).image_HWC[:, :, 0].astype(float)
    rows = (flat_HW * np.arange(120)[:, None]).sum(axis=0)[10:150] / flat_HW.sum(axis=0)[10:150]
    assert np.abs(rows - 20).max() < 1
    assert np.ptp(bent[:, 0, 1]) > 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("size = [160, 120]", "has size = "),
        ("this is no TOML", "is not understood"),
        (f"size = [160, 120]\ncamera_matrix = {STRAIGHT}\ndistortion = [0, 0, 0]", "one of 4, 5, 8, 12, 14"),
        (f"size = [0, 120]\ncamera_matrix = {STRAIGHT}\ndistortion = [0, 0, 0, 0]", "size must be positive"),
        (f"size = [160, 120]\ncamera_matrix = {STRAIGHT}\ndistortion = [0, 0, 0, nan]", "finite"),
    ],
)
def test_a_bad_lens_file_is_said_before_the_line_starts(tmp_path: Path, text: str, says: str) -> None:
    """Creating the camera is enough to be told; so it is with a file that is not there."""
    file = tmp_path / "bad.toml"
    with pytest.raises(SourceUriError, match="cannot be read"):
        open_camera(spec(tmp_path, Adjustments(undistort=str(file))))
    file.write_text(text)
    with pytest.raises(SourceUriError, match=says):
        open_camera(spec(tmp_path, Adjustments(undistort=str(file))))


def test_a_lens_fits_scaled_pictures_and_no_others(tmp_path: Path) -> None:
    """Calibrated at twice the size: used, scaled; of another shape: refused, with both sizes."""
    first(tmp_path, Adjustments(undistort=lens(tmp_path, "[0, 0, 0, 0]", "[320, 240]")))
    with pytest.raises(SourceLost, match="160x100, which 160x120 is not"):
        first(tmp_path, Adjustments(undistort=lens(tmp_path, "[0, 0, 0, 0]", "[160, 100]")))
