"""YOLO's text files are read as its documents say, and a wrong line never makes an image good."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compress.data.dataset import read_dataset
from compress.data.readers import yolo
from compress.data.readers.files import list_files
from compress.data.readers.found import BoxLabel, PolygonLabel
from tests.compress import layouts


def test_boxes_and_polygons_become_pixels_and_the_rest_is_good(tmp_path: Path) -> None:
    """Shares of 24 x 16 pixels; empty files and missing ones both mean that nothing is there."""
    dataset = read_dataset(layouts.yolo_set(tmp_path))
    assert dataset.summary() == ("read as YOLO: 24 images, 3 classes, polygons and boxes; splits from data.yaml")
    box, polygon, empty, absent = sorted(dataset.of("val"), key=lambda s: s.name)[:4]
    assert box.boxes == (BoxLabel(6, 4, 18, 12, "刮痕"),)
    assert polygon.polygons == (PolygonLabel(((6, 4), (18, 4), (18, 12)), "dent"),)
    assert (empty.kind, absent.kind) == ("good", "good")
    assert "images without a label file, which count as good: 6" in dataset.notes
    assert not dataset.problems


def test_names_come_from_classes_txt_or_are_numbers(tmp_path: Path) -> None:
    """Labels beside the images are found too."""
    for i in range(8):
        layouts.write_image(tmp_path / f"{i}.jpg", seed=i)
        (tmp_path / f"{i}.txt").write_text(f"{i % 2} 0.5 0.5 0.2 0.2\n")
    dataset = read_dataset(tmp_path)
    assert (dataset.format, [c.name for c in dataset.classes]) == ("YOLO", ["class 0", "class 1"])
    assert "so they are called by number" in dataset.notes[0]
    (tmp_path / "classes.txt").write_text("ok part\n刮痕\n", encoding="utf-8")
    assert [(c.name, c.kind) for c in read_dataset(tmp_path).classes] == [("ok part", "good"), ("刮痕", "defect")]


def test_data_yaml_may_name_lists_and_other_folders(tmp_path: Path) -> None:
    """Relative to wherever it was written; splits need not be folders of that name."""
    for i in range(12):
        layouts.write_image(tmp_path / ("shift1" if i < 8 else "shift2") / "images" / f"{i}.png", seed=i)
        label = tmp_path / ("shift1" if i < 8 else "shift2") / "labels" / f"{i}.txt"
        label.parent.mkdir(exist_ok=True, parents=True)
        label.write_text(f"{i % 2} 0.5 0.5 0.2 0.2\n")
    (tmp_path / "auto_val.txt").write_text("./shift1/images/6.png\n./shift1/images/7.png\n")
    (tmp_path / "data.yaml").write_text(
        "train: ../shift1/images\nval: auto_val.txt\ntest: [shift2/images]\nnc: 2\nnames: ['a', 'b']\n"
    )
    dataset = read_dataset(tmp_path)
    assert [len(dataset.of(split)) for split in ("train", "val", "test")] == [6, 2, 4]
    assert dataset.split_source == "splits from data.yaml"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("9 0.5 0.5 0.2 0.2", "has class 9 in line 2, which data.yaml does not name"),
        ("-1 0.5 0.5 0.2 0.2", "no class number"),
        ("dent 0.5 0.5 0.2 0.2", "no class number at the start of line 2 (it says 'dent')"),
        ("0 120 40 20 20", "has '120' in line 2, but YOLO counts in shares"),
        ("0 0.5 nan 0.2 0.2", "has 'nan' in line 2"),
        ("0 0.5 0.5 0.2", "has 4 numbers in line 2"),
        ("0 0.5 0.5 0.2 0.2 0.9", "has 6 numbers in line 2"),
        ("0 0.5 0.5 0 0.2", "inverted or empty"),
    ],
)
def test_a_wrong_line_leaves_its_image_out_and_no_other(tmp_path: Path, line: str, said: str) -> None:
    """The sentence names the file and the line."""
    layouts.yolo_set(tmp_path)
    label = tmp_path / "labels" / "train" / "train 0.txt"
    label.write_text(f"0 0.5 0.5 0.5 0.5\n{line}\n")
    dataset = read_dataset(tmp_path)
    assert len(dataset.samples) == 23
    assert [p.path.stem for p in dataset.problems] == ["train 0"]
    assert said in dataset.problems[0].sentence


def test_labels_without_an_image_and_a_damaged_description_are_told(tmp_path: Path) -> None:
    """The classes are called by number then, which is said."""
    layouts.yolo_set(tmp_path)
    (tmp_path / "labels" / "train" / "gone.txt").write_text("0 0.5 0.5 0.5 0.5")
    (tmp_path / "data.yaml").write_text("names: [a, b\n")
    dataset = read_dataset(tmp_path)
    said = {p.path.name: p.sentence for p in dataset.problems}
    assert "has no image" in said["gone.txt"]
    assert "is no YOLO data file (it needs `names`), or is not valid YAML" in said["data.yaml"]
    assert {c.name for c in dataset.classes} == {"good", "class 0", "class 1"}


_WHOLE = b"0 0.5 0.5 0.25 0.25\n1 0.1 0.1 0.4 0.1 0.4 0.4\n"


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(_WHOLE)), st.integers(0, 12), st.binary(max_size=8))
def test_mangled_labels_give_marks_or_a_problem(start: int, cut: int, new: bytes) -> None:
    """Whatever the bytes, the image is labelled or left out with one sentence."""
    with tempfile.TemporaryDirectory() as folder:
        layouts.write_image(Path(folder) / "a.png", seed=0)
        (Path(folder) / "a.txt").write_bytes(_WHOLE[:start] + new + _WHOLE[start + cut :])
        found = yolo.read(list_files(Path(folder)))
    assert len(found.images) + len(found.problems) == 1


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=60))
def test_any_data_yaml_is_read_or_told(content: bytes) -> None:
    """A description from a stranger, anchors and tags included."""
    with tempfile.TemporaryDirectory() as folder:
        layouts.write_image(Path(folder) / "a.png", seed=0)
        (Path(folder) / "a.txt").write_text("0 0.5 0.5 0.25 0.25\n")
        (Path(folder) / "data.yaml").write_bytes(content)
        found = yolo.read(list_files(Path(folder)))
    assert len(found.images) + len(found.problems) >= 1


def test_a_data_yaml_made_elsewhere_is_followed_and_a_wrong_place_is_said(tmp_path: Path) -> None:
    """Folders of another machine are dropped from all places alike: an absent test does not take all images."""
    for split in ("train", "valid"):
        for i in range(6):
            layouts.write_image(tmp_path / split / "images" / f"{split}{i}.png", seed=i + 10 * (split == "valid"))
            label = tmp_path / split / "labels" / f"{split}{i}.txt"
            label.parent.mkdir(exist_ok=True)
            label.write_text(f"{i % 2} 0.5 0.5 0.2 0.2\n")
    places = "train: /mnt/a/train/images\nval: C:\\b\\valid\\images\ntest: /mnt/a/test/images\n"
    (tmp_path / "data.yaml").write_text(places + "names: [dent, pit]\n")
    dataset = read_dataset(tmp_path)
    assert dataset.split_source == "splits from data.yaml, test taken from train by groups (seed 0)"
    assert {s.split for s in dataset.samples if s.name.startswith("valid")} == {"val"}
    assert [p.sentence for p in dataset.problems] == [
        "data.yaml says test: /mnt/a/test/images, but no image is there; correct it"
    ]
