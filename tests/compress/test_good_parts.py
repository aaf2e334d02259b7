"""What is good, what is kept for the test, and what nobody has looked at."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from compress.data.dataset import read_dataset
from compress.errors import DataError
from tests.compress import layouts


def test_mvtec_keeps_its_splits_and_its_masks(tmp_path: Path) -> None:
    """Its train folder holds good parts only; val comes from there, and the defects stay in the test."""
    (layouts.mvtec_set(tmp_path) / "ground_truth" / "cut" / "000_mask.png").unlink()
    dataset = read_dataset(tmp_path)
    assert dataset.only_good
    assert {c.name: c.kind for c in dataset.classes} == {"cut": "defect", "good": "good", "hole": "defect"}
    assert Counter((s.split, s.kind) for s in dataset.samples) == {
        ("train", "good"): 6, ("val", "good"): 2, ("test", "good"): 8, ("test", "defect"): 16,
    }  # fmt: skip
    assert dataset.summary().endswith("val taken from train by groups (seed 0); only good parts to learn from")
    assert "all 16 images of defects are in the test (--defects teach" in dataset.notes[-1]
    assert sum(s.mask_path is not None for s in dataset.samples) == 15
    assert [s.localised for s in dataset.samples].count(False) == 1
    assert len({s.name for s in dataset.samples}) == 32


def test_mvtec_is_split_anew_where_its_defects_are_to_be_taught(tmp_path: Path) -> None:
    """A classifier has to see some; the sentence says why the given splits are not used."""
    dataset = read_dataset(layouts.mvtec_set(tmp_path), defects="teach")
    assert "because train of the splits from the train/val/test folders holds one class only" in dataset.split_source
    assert {s.class_name for s in dataset.of("train")} == {"cut", "good", "hole"}
    assert not dataset.only_good


@pytest.mark.parametrize("listed", [False, True])
def test_any_labelled_set_can_be_learned_from_its_good_parts_only(tmp_path: Path, listed: bool) -> None:
    """Every defect is moved to the test, whether the splits are given or made here."""
    layouts.folder_set(tmp_path, "good", "bad", count=10)
    if listed:
        names = {"train": range(5), "val": range(5, 7), "test": range(7, 10)}
        layouts.write_lists(tmp_path, **{k: [f"{c}/{i}" for c in ("good", "bad") for i in v] for k, v in names.items()})
    dataset = read_dataset(tmp_path, defects="hold-out")
    assert dataset.only_good
    assert {s.split for s in dataset.samples if s.kind == "defect"} == {"test"}
    assert {s.split for s in dataset.samples if s.kind == "good"} == {"train", "val", "test"}
    assert dataset.split_source.endswith(f", {7 if listed else 8} defects moved to test")


def test_a_folder_of_good_parts_alone_is_a_data_set(tmp_path: Path) -> None:
    """Whether good is a folder below, or the folder itself; and what cannot be measured is said."""
    layouts.folder_set(tmp_path / "a", "ok_front", count=8)
    layouts.folder_set(tmp_path, "良品", count=8)
    for root in (tmp_path / "a", tmp_path / "良品"):
        dataset = read_dataset(root)
        assert dataset.only_good
        assert [c.kind for c in dataset.classes] == ["good"]
        assert {split: len(dataset.of(split)) for split in ("train", "val", "test")} == {
            "train": 5,
            "val": 1,
            "test": 2,
        }
        assert dataset.notes[-1] == "there are good parts only, so how many defects escape cannot be measured"
    with pytest.raises(DataError, match="good parts only, so no defects can be taught"):
        read_dataset(tmp_path / "a", defects="teach")


def test_the_user_may_say_which_classes_are_good(tmp_path: Path) -> None:
    """In any letter case; a name that is no class is refused, because a typing error would teach it as bad."""
    layouts.folder_set(tmp_path, "Type-A", "type-b", "crack")
    dataset = read_dataset(tmp_path, good=("type-a", "TYPE-B"))
    assert {c.name: c.kind for c in dataset.classes} == {"Type-A": "good", "type-b": "good", "crack": "defect"}
    with pytest.raises(DataError, match=r"--good 'typ-a': no class .* there are: Type-A, crack, type-b"):
        read_dataset(tmp_path, good=("typ-a",))
    with pytest.raises(DataError, match="no class of good parts to train on is left"):
        read_dataset(tmp_path, defects="hold-out")


def test_unlabelled_pictures_alone_are_welcome_where_a_teacher_will_label_them(tmp_path: Path) -> None:
    """Elsewhere they are refused; a damaged one is listed, and a folder called unlabelled is no class."""
    layouts.write_image(tmp_path / "零件 1.png", seed=0)
    (tmp_path / "torn.png").write_bytes(b"\x89PNG")
    dataset = read_dataset(tmp_path, allow_unlabelled=True)
    assert (dataset.samples, [u.path.name for u in dataset.unlabelled]) == ((), ["零件 1.png"])
    assert dataset.summary() == (
        "read as unlabelled: 0 images, 0 classes, image labels only; 1 more images without a label, for a teacher only"
    )
    assert [p.path.name for p in dataset.problems] == ["torn.png"]
    layouts.folder_set(tmp_path, "good", "bad", "Unlabelled")
    assert len(read_dataset(tmp_path).unlabelled) == 9


@pytest.mark.data
@pytest.mark.parametrize(("name", "good"), [("spindle", 257), ("casting", 400)])
def test_the_real_sets_can_be_learned_from_good_parts_only(name: str, good: int) -> None:
    """No defect is left in train and val, and none is lost."""
    dataset = read_dataset(layouts.shared_data(name), defects="hold-out")
    assert dataset.only_good
    assert sum(s.kind == "good" for s in dataset.samples) == good
    assert len(dataset.samples) == len(read_dataset(layouts.shared_data(name)).samples)
