"""A folder of images as a camera, good and bad files alike."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from camera.folder import FolderOptions, FolderSource, natural_key
from camera.image_file import read_image
from camera.source import SourceEnded, SourceLost, SourceUnavailable
from tests.camera.conftest import FakeClock, number_of, numbered_picture


def read_numbers(source: FolderSource, count: int) -> list[int]:
    return [number_of(source.read(1).image_HWC) for _ in range(count)]


def test_images_come_in_natural_order_then_end(picture_folder: Path) -> None:
    """part2 comes before part10, each once; then SourceEnded, as often as asked."""
    source = FolderSource("belt", FolderOptions(picture_folder, fps=0))
    source.open()
    assert read_numbers(source, 12) == list(range(12))
    for _ in range(2):
        with pytest.raises(SourceEnded, match="all 12 images"):
            source.read(1)


def test_a_looping_folder_begins_again(picture_folder: Path) -> None:
    """With loop=1 the first image follows the last, while `seq` goes on."""
    source = FolderSource("belt", FolderOptions(picture_folder, fps=0, loop=True))
    source.open()
    assert read_numbers(source, 14) == [*range(12), 0, 1]
    assert source.read(1).seq == 14


def test_images_are_paced_without_bursts(picture_folder: Path, clock: FakeClock) -> None:
    """At fps=5 a frame comes every 200 ms; a reader that comes late gets no burst and misses nothing."""
    source = FolderSource("belt", FolderOptions(picture_folder, fps=5), clock)
    source.open()
    started_ns = clock.now_ns
    assert [(source.read(1).captured_ns - started_ns) / 1e9 for _ in range(3)] == pytest.approx([0, 0.2, 0.4])
    clock.sleep(3)
    late, after = source.read(1), source.read(1)
    assert (late.seq, after.seq) == (3, 4)
    assert (after.captured_ns - late.captured_ns) / 1e9 == pytest.approx(0.2)


def test_depth_and_channels_become_8_bit_bgr(tmp_path: Path) -> None:
    """16-bit is scaled by its dtype, not by its content; grey is tripled; alpha is dropped."""
    dark16 = np.full((40, 50), 1000, np.uint16)
    dark16[0, 0] = 65535
    cv2.imwrite(str(tmp_path / "grey16.png"), dark16)
    cv2.imwrite(str(tmp_path / "colour16.tif"), np.dstack([dark16, dark16, dark16 * 0]))
    cv2.imwrite(str(tmp_path / "alpha.png"), np.full((40, 50, 4), (10, 20, 30, 0), np.uint8))
    grey16, colour16 = read_image(tmp_path / "grey16.png"), read_image(tmp_path / "colour16.tif")
    assert grey16.dtype == np.uint8
    assert grey16[0, 0].tolist() == [255, 255, 255]
    assert grey16[20, 20].tolist() == [4, 4, 4]
    assert colour16[20, 20].tolist() == [4, 4, 0]
    assert read_image(tmp_path / "alpha.png")[5, 5].tolist() == [10, 20, 30]


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".png", ".bmp", ".tif", ".tiff", ".webp"])
def test_every_listed_format_is_read(tmp_path: Path, suffix: str) -> None:
    """Each format is read whatever the case of its suffix, from names with spaces and Chinese characters."""
    path = tmp_path / f"零件 {suffix.strip('.')}{suffix}"
    path.write_bytes(cv2.imencode(suffix.lower(), numbered_picture(7))[1].tobytes())
    source = FolderSource("belt", FolderOptions(tmp_path, fps=0))
    source.open()
    assert read_numbers(source, 1) == [7]


def test_unreadable_images_are_skipped_and_listed(picture_folder: Path) -> None:
    """Text named .jpg, an empty file, a cut PNG and float pixels are passed over, each listed with its reason."""
    whole = (picture_folder / "part3.png").read_bytes()
    (picture_folder / "part0.png").unlink()
    (picture_folder / "part0.jpg").write_text("no picture")
    (picture_folder / "part1.png").write_bytes(b"")
    (picture_folder / "part2.png").write_bytes(whole[: len(whole) // 2])
    cv2.imwrite(str(picture_folder / "part20.tif"), np.zeros((9, 9), np.float32))
    source = FolderSource("belt", FolderOptions(picture_folder, fps=0, loop=True))
    source.open()
    assert read_numbers(source, 11) == [*range(3, 12), 3, 4]
    reasons = {file.name: reason for file, reason in source.unreadable}
    assert sorted(reasons) == ["part0.jpg", "part1.png", "part2.png", "part20.tif"]
    assert reasons["part1.png"] == "is empty"
    assert "float32" in reasons["part20.tif"]


def test_a_folder_without_a_readable_image_is_unavailable(tmp_path: Path) -> None:
    """An empty folder, one without images and one with broken images only each raise one sentence."""
    source = FolderSource("belt", FolderOptions(tmp_path))
    with pytest.raises(SourceUnavailable, match="holds no image"):
        source.open()
    (tmp_path / "notes.txt").write_text("text")
    with pytest.raises(SourceUnavailable, match="holds no image"):
        source.open()
    (tmp_path / "a.jpg").write_text("text")
    with pytest.raises(SourceUnavailable, match=r"none of the 1 images .*a\.jpg is not an image") as caught:
        source.open()
    assert "\n" not in str(caught.value)


def test_a_loop_whose_images_vanish_is_lost(tmp_path: Path) -> None:
    """Where a looping folder is emptied, the source is lost instead of spinning for ever."""
    cv2.imwrite(str(tmp_path / "a.png"), numbered_picture(1))
    source = FolderSource("belt", FolderOptions(tmp_path, fps=0, loop=True))
    source.open()
    source.read(1)
    (tmp_path / "a.png").unlink()
    with pytest.raises(SourceLost, match="any more"):
        source.read(1)


def test_natural_order_is_total() -> None:
    """Any names can be compared, digits or not, and equal numbers keep one fixed order."""
    names = ["b", "2", "10", "a10b2", "a10b10", "a2", "A2", "02", "²", "零件3", "零件20"]
    ordered = sorted(names, key=natural_key)
    names.reverse()
    assert ordered == sorted(names, key=natural_key)
    assert ordered.index("a2") < ordered.index("a10b2") < ordered.index("a10b10")
    assert ordered.index("零件3") < ordered.index("零件20")
