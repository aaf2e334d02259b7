"""Masks beside images, however they are named."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from compress.data.dataset import Dataset, read_dataset
from compress.data.images import read_mask
from tests.compress import layouts


def _suffixed(root: Path, i: int, marked: bool) -> None:
    layouts.write_image(root / f"零件 {i}.bmp", seed=i)
    layouts.write_mask(root / f"零件 {i}_label.png", marked)


def _in_folders(root: Path, i: int, marked: bool) -> None:
    layouts.write_image(root / "images" / f"{i}.jpg", seed=i)
    layouts.write_mask(root / "masks" / f"{i}.png", marked)


def _twins(root: Path, i: int, marked: bool) -> None:
    layouts.write_image(root / "Imgs" / f"{i}.jpg", seed=i)
    layouts.write_mask(root / "Imgs" / f"{i}.png", marked)


def _one_folder_for_each_part(root: Path, i: int, marked: bool) -> None:
    layouts.write_image(root / f"part{i // 2}" / f"{i % 2}.jpg", seed=i)
    layouts.write_mask(root / f"part{i // 2}" / f"{i % 2}_GT.bmp", marked)


@pytest.mark.parametrize("write", [_suffixed, _in_folders, _twins, _one_folder_for_each_part])
def test_an_empty_mask_means_good(tmp_path: Path, write: object) -> None:
    """The other images are of class defect; masks are no images."""
    assert callable(write)
    for i in range(16):
        write(tmp_path, i, i % 2 == 0)
    dataset = read_dataset(tmp_path)
    assert dataset.summary().startswith("read as masks: 16 images, 2 classes, masks; ")
    assert Counter(s.class_name for s in dataset.samples) == {"good": 8, "defect": 8}
    assert sum(s.mask_path is not None for s in dataset.samples) == 8
    assert not dataset.problems


def test_folders_of_one_kind_each_are_classes(tmp_path: Path) -> None:
    """A folder that holds good and bad parts is none."""
    for c, name in enumerate(("Blowhole", "Crack", "Free")):
        for i in range(6):
            layouts.write_image(tmp_path / name / "Imgs" / f"{i}.jpg", seed=10 * c + i)
            layouts.write_mask(tmp_path / name / "Imgs" / f"{i}.png", marked=name != "Free")
    dataset = read_dataset(tmp_path)
    assert {c.name: c.kind for c in dataset.classes} == {"Blowhole": "defect", "Crack": "defect", "good": "good"}


def _with_missing(root: Path, empty: bool) -> Dataset:
    for i in range(12):
        layouts.write_image(root / "images" / f"{i}.png", seed=i)
        if i < 8:
            layouts.write_mask(root / "masks" / f"{i}_mask.png", marked=i < 4 or not empty)
    return read_dataset(root)


def test_without_a_mask_an_image_is_good_only_where_good_ones_have_none(tmp_path: Path) -> None:
    """Where others have an empty mask, nobody has looked at it."""
    dataset = _with_missing(tmp_path / "a", empty=False)
    assert Counter(s.kind for s in dataset.samples) == {"defect": 8, "good": 4}
    assert "images without a label file, which count as good: 4" in dataset.notes
    dataset = _with_missing(tmp_path / "b", empty=True)
    assert Counter(s.kind for s in dataset.samples) == {"defect": 4, "good": 4}
    assert len(dataset.unlabelled) == 4


def test_damaged_wrong_and_lonely_masks_are_told(tmp_path: Path) -> None:
    """Their images are left out: without a mask they could pass for good ones."""
    layouts.mask_set(tmp_path)
    layouts.write_pixels(tmp_path / "0_mask.png", np.full((5, 5), 255, np.uint8))
    (tmp_path / "2_mask.png").write_bytes(b"\x89PNG")
    layouts.write_mask(tmp_path / "gone_mask.png")
    layouts.write_image(tmp_path / "good" / "odd.png", seed=77)
    layouts.write_mask(tmp_path / "good" / "odd_mask.png")
    dataset = read_dataset(tmp_path)
    said = {p.path.name: p.sentence for p in dataset.problems}
    assert "not of the size of its mask 0_mask.png" in said["0.png"]
    assert "damaged" in said["2_mask.png"]
    assert said["gone_mask.png"] == "is called a mask but has no image; left out"
    assert "is in the folder 'good' but its mask odd_mask.png is not empty" in said["odd.png"]
    assert len(dataset.samples) == 14


@pytest.mark.parametrize("format", ["YOLO", "labelme", "table"])
def test_masks_beside_another_format_are_no_pictures(tmp_path: Path, format: str) -> None:
    """Else they would count as good parts, or leave open which file a label of their name means."""
    lines = ["image,label"]
    for i in range(12):
        layouts.write_image(tmp_path / "images" / f"{i}.png", seed=i)
        layouts.write_mask(tmp_path / "masks" / f"{i}.png", marked=i % 2 == 0)
        lines.append(f"{i}.png,{'dent' if i % 2 else 'good'}")
        if format == "labelme":
            shapes = [("dent", "polygon", [[2.0, 2.0], [8.0, 2.0], [8.0, 8.0]])] if i % 2 else []
            layouts.write_labelme(tmp_path / "labels" / f"{i}.json", *shapes)
        if format == "YOLO":
            label = tmp_path / "labels" / f"{i}.txt"
            label.parent.mkdir(exist_ok=True)
            label.write_text("0 0.5 0.5 0.2 0.2" if i % 2 else "")
            (tmp_path / "classes.txt").write_text("dent")
    if format == "table":
        (tmp_path / "labels.csv").write_text("\n".join(lines))
    layouts.write_lists(tmp_path, train=["0", "1", "2", "3"], val=["4", "5"], test=["images/6.png", "7.png"])
    dataset = read_dataset(tmp_path)
    assert dataset.format == format
    assert [(s.name, s.class_name) for s in dataset.of("train")] == [
        ("0", "good"),
        ("1", "dent"),
        ("2", "good"),
        ("3", "dent"),
    ]
    assert [len(dataset.of(split)) for split in ("train", "val", "test")] == [4, 2, 2]
    assert not dataset.problems


def test_photographs_in_a_folder_called_mask_are_no_masks(tmp_path: Path) -> None:
    """A class may be called so."""
    layouts.folder_set(tmp_path, "mask", "no mask")
    assert read_dataset(tmp_path).format == "folders"


def test_a_mask_may_number_classes_or_be_blurred_by_jpeg(tmp_path: Path) -> None:
    """A class number in 16 bits is not scaled away; the faint noise of JPEG marks nothing."""
    numbers = np.zeros((16, 24), np.uint16)
    numbers[4:8, 6:12] = 1
    assert read_mask(layouts.write_pixels(tmp_path / "a.png", numbers)).sum() == 24
    blurred = layouts.write_mask(tmp_path / "b.jpg")
    assert np.array_equal(read_mask(blurred), numbers > 0)
