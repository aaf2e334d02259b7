"""A folder of images becomes a data set, and bad input is named."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from compress.data.dataset import Dataset, read_dataset
from compress.errors import DataError
from tests.compress import layouts


def _counts(dataset: Dataset) -> dict[str, int]:
    return dict(Counter(s.split for s in dataset.samples))


def test_voc_is_summed_up_in_one_line(tmp_path: Path) -> None:
    """The line says the format, the counts and where the splits come from."""
    dataset = read_dataset(layouts.voc_set(tmp_path, 10))
    assert dataset.summary() == (
        "read as VOC: 20 images, 2 classes, boxes; splits made here by groups, 60/15/25 train/val/test (seed 0)"
    )
    assert not dataset.has_good
    assert any("no class is called good" in note for note in dataset.notes)


def test_images_nobody_marked_are_good_in_labelme_and_counted(tmp_path: Path) -> None:
    """Names with spaces and Chinese letters are ordinary."""
    dataset = read_dataset(layouts.labelme_set(tmp_path))
    assert [(c.name, c.kind) for c in dataset.classes] == [("good", "good"), ("刮痕", "defect")]
    assert "images without a label file, which count as good: 8" in dataset.notes
    assert all(s.localised for s in dataset.samples)


def test_an_unlabelled_image_in_voc_is_kept_apart_unless_its_folder_is_good(tmp_path: Path) -> None:
    """Nobody may have looked at it yet: it is in no split, and the summary counts it."""
    layouts.voc_set(tmp_path)
    layouts.write_image(tmp_path / "images" / "new.png", seed=900)
    for i in range(4):
        layouts.write_image(tmp_path / "images" / "OK" / f"fine_{i}.png", seed=901 + i)
    dataset = read_dataset(tmp_path)
    assert {s.class_name for s in dataset.samples if s.kind == "good"} == {"OK"}
    assert [u.path.name for u in dataset.unlabelled] == ["new.png"]
    assert dataset.summary().endswith("; 1 more images without a label, for a teacher only")
    assert not dataset.problems


def test_a_voc_image_takes_its_class_from_its_name_then_from_the_largest_area(tmp_path: Path) -> None:
    """A scratch tile with a bigger dent on it is still called scratch; an unnamed one goes by area."""
    layouts.voc_set(tmp_path)
    for name in ("scratch_77", "x77"):
        layouts.write_image(tmp_path / "images" / f"{name}.png", seed=len(name))
        boxes = (("scratch", 1, 1, 3, 3), ("dent", 5, 5, 16, 16))
        layouts.write_voc(tmp_path / "annotations" / f"{name}.xml", *boxes)
    of = {s.name: s.class_name for s in read_dataset(tmp_path).samples}
    assert (of["scratch_77"], of["x77"]) == ("scratch", "dent")


def test_an_empty_voc_annotation_means_good(tmp_path: Path) -> None:
    """Somebody looked, and marked nothing."""
    layouts.voc_set(tmp_path)
    layouts.write_image(tmp_path / "images" / "clean.png", seed=900)
    layouts.write_voc(tmp_path / "annotations" / "clean.xml")
    assert {s.name: s.class_name for s in read_dataset(tmp_path).samples}["clean"] == "good"


def test_folders_of_train_and_test_get_their_val_from_train_by_groups(tmp_path: Path) -> None:
    """Groups come from index.csv; a group never stands in two splits."""
    rows = ["path,group"]
    for split in ("train", "test"):
        layouts.folder_set(tmp_path / split, "good", "bad", count=10)
    for path in sorted(tmp_path.rglob("*.png")):
        layouts.write_image(path, seed=len(rows) + 5000)
        rows.append(f"{path.relative_to(tmp_path)},{path.parent.parent.name}-{path.parent.name}-{int(path.stem) // 2}")
    (tmp_path / "index.csv").write_text("\n".join(rows))
    dataset = read_dataset(tmp_path)
    assert _counts(dataset) == {"train": 16, "val": 4, "test": 20}
    assert dataset.split_source.endswith("train/val/test folders, val taken from train by groups (seed 0)")
    assert len({(s.group, s.split) for s in dataset.samples}) == len({s.group for s in dataset.samples}) == 20


def test_split_lists_rule_and_what_they_do_not_name_is_left_out_aloud(tmp_path: Path) -> None:
    """A list of images to ignore goes before all others; a name in two lists is not trained on."""
    layouts.voc_set(tmp_path)
    layouts.write_lists(
        tmp_path,
        train=[f"{c}_{i}" for c in ("scratch", "dent") for i in range(4)],
        val=["images/scratch_4.png", "dent_4", "dent_0"],
        test=["scratch_5", "dent_5", "gone_1"],
        ignore=["scratch_0"],
    )
    dataset = read_dataset(tmp_path)
    assert _counts(dataset) == {"train": 6, "val": 3, "test": 2}
    assert dataset.split_source == "splits from splits/train.txt, splits/val.txt, splits/test.txt"
    assert "images left out because a list says so: 1" in dataset.notes
    assert "images left out because they are in no split: 4" in dataset.notes
    said = " ".join(p.sentence for p in dataset.problems)
    assert "names images that are not here: 1, such as 'gone_1'" in said
    assert "in the lists of train and val; used for val only" in said


def test_index_csv_gives_class_split_and_group(tmp_path: Path) -> None:
    """Its rows are found by name or path; rows of images that are not here do not matter."""
    layouts.voc_set(tmp_path)
    layouts.write_image(tmp_path / "images" / "extra.png", seed=900)
    rows = [
        f"{c}_{i},{'gut' if c == 'dent' else c},{('train', 'valid', 'test', 'skip')[i % 4]},g{i % 4}"
        for c in ("scratch", "dent")
        for i in range(8)
    ]
    (tmp_path / "index.csv").write_text("\ufeffName,class,Split,group\n" + "\n".join([*rows, "gone,x,train,g"]))
    dataset = read_dataset(tmp_path)
    assert _counts(dataset) == {"train": 4, "val": 4, "test": 4}
    assert {c.name for c in dataset.classes} == {"gut", "scratch"}
    assert {s.group for s in dataset.samples} == {"g0", "g1", "g2"}


def test_a_pattern_on_the_file_name_makes_groups(tmp_path: Path) -> None:
    """Its first group, or all of it, is the group; names that do not match stand alone, and that is said."""
    for part in range(10):
        for view in "ab":
            layouts.write_image(
                tmp_path / ("good" if part % 2 else "bad") / f"part{part}_{view}.png", seed=9 * part + ord(view)
            )
    layouts.write_image(tmp_path / "good" / "loose.png", seed=500)
    dataset = read_dataset(tmp_path, group_pattern=r"part(\d+)_")
    assert {s.group for s in dataset.samples} == {*map(str, range(10)), "loose"}
    assert len({(s.group, s.split) for s in dataset.samples}) == 11
    assert "10 groups by file name; 1 of 21 names do not match, such as 'loose.png': each by itself" in dataset.notes
    assert {s.group for s in read_dataset(tmp_path, group_pattern=r"part\d").samples} >= {"part0", "part9"}
    with pytest.raises(DataError, match=r"matches no file name, such as '\w+.png'"):
        read_dataset(tmp_path, group_pattern="unit")
    with pytest.raises(DataError, match="is not a regular expression"):
        read_dataset(tmp_path, group_pattern="part(")


def test_equal_files_stay_together_or_are_named(tmp_path: Path) -> None:
    """Copies are one group when splits are made here, and a leak or a contradiction when they are given."""
    layouts.folder_set(tmp_path / "a", "good", "bad")
    for i in range(8):
        copy = tmp_path / "a" / "bad" / f"copy{i}.png"
        copy.write_bytes((tmp_path / "a" / "bad" / f"{i}.png").read_bytes())
    dataset = read_dataset(tmp_path / "a")
    assert len({s.group for s in dataset.samples}) == 16
    assert not dataset.problems

    for split in ("train", "test"):
        layouts.folder_set(tmp_path / "b" / split, "good", "bad")
    dataset = read_dataset(tmp_path / "b")
    assert sum("scores come out too high" in p.sentence for p in dataset.problems) == 16

    layouts.folder_set(tmp_path / "c", "good", "bad")
    (tmp_path / "c" / "good" / "0.png").write_bytes((tmp_path / "c" / "bad" / "0.png").read_bytes())
    assert "but bad here and good there" in read_dataset(tmp_path / "c").problems[0].sentence


def test_bad_files_are_left_out_one_by_one(tmp_path: Path) -> None:
    """Each has one sentence; the others are read as if they were not there."""
    layouts.voc_set(tmp_path)
    for i, (name, box) in enumerate(
        {"inverted": (9, 9, 2, 12), "outside": (50, 50, 60, 60), "torn": (1, 1, 5, 5), "scaled": (1, 1, 5, 5)}.items()
    ):
        image = layouts.write_image(tmp_path / "images" / f"{name}.jpg", seed=500 + i)
        size = (48, 32) if name == "scaled" else (24, 16)
        layouts.write_voc(tmp_path / "annotations" / f"{name}.xml", ("dent", *box), size=size)
        if name == "torn":
            image.write_bytes(image.read_bytes()[:-20])
    dataset = read_dataset(tmp_path)
    said = {p.path.stem: p.sentence for p in dataset.problems}
    assert len(dataset.samples) == 16
    assert "inverted or empty" in said["inverted"]
    assert "outside its 24x16 pixels" in said["outside"]
    assert "cut off" in said["torn"]
    assert "its label is for 48x32" in said["scaled"]


def test_a_good_image_with_a_marked_defect_is_not_used(tmp_path: Path) -> None:
    """One of the two labels is wrong, and which cannot be known."""
    layouts.voc_set(tmp_path)
    layouts.write_image(tmp_path / "good" / "odd.png", seed=900)
    layouts.write_voc(tmp_path / "good" / "odd.xml", ("dent", 1, 1, 5, 5))
    assert "called 'good' but has dent marked on it" in read_dataset(tmp_path).problems[0].sentence


def test_boxes_over_the_edge_are_cut_to_the_image(tmp_path: Path) -> None:
    """Annotators draw past the border."""
    layouts.voc_set(tmp_path)
    layouts.write_voc(tmp_path / "annotations" / "dent_0.xml", ("dent", 0, 0, 30, 9))
    box = next(s for s in read_dataset(tmp_path).samples if s.name == "dent_0").boxes[0]
    assert (box.x0, box.y0, box.x1, box.y1) == (0, 0, 24, 9)


def test_the_same_seed_gives_the_same_splits(tmp_path: Path) -> None:
    """And another seed others."""
    layouts.voc_set(tmp_path, 12)
    assert read_dataset(tmp_path, seed=3) == read_dataset(tmp_path, seed=3)
    assert read_dataset(tmp_path, seed=3).samples != read_dataset(tmp_path, seed=4).samples


def test_equal_stems_get_their_folder_as_name(tmp_path: Path) -> None:
    """Names are unique whatever the layout."""
    dataset = read_dataset(layouts.folder_set(tmp_path, "good", "bad", count=4))
    assert {s.name for s in dataset.samples} == {f"{c}/{i}" for c in ("good", "bad") for i in range(4)}


def test_a_name_that_is_not_utf8_is_left_out(tmp_path: Path) -> None:
    """It could be neither printed nor written to a report."""
    layouts.folder_set(tmp_path, "good", "bad")
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad/\xa8\xae.png"))).write_bytes(b"x")
    dataset = read_dataset(tmp_path)
    assert len(dataset.samples) == 16
    assert "whose name is not UTF-8" in dataset.problems[0].sentence


def _nothing(root: Path) -> None:
    (root / "notes.txt").write_text("no images yet")


def _one_class(root: Path) -> None:
    layouts.voc_set(root, 2)
    for path in root.rglob("dent*"):
        path.unlink()


def _all_broken(root: Path) -> None:
    layouts.voc_set(root, 2)
    for path in root.rglob("*.xml"):
        path.write_text("<annotation>")


def _damaged_list(root: Path) -> None:
    layouts.voc_set(root, 2)
    (root / "splits").mkdir()
    (root / "splits" / "train.txt").write_bytes(b"\xff\xfe\xfa")


def _damaged_index(root: Path) -> None:
    layouts.voc_set(root, 2)
    (root / "index.csv").write_text('name,class\n"scratch_0,x')


def _too_few(root: Path) -> None:
    layouts.folder_set(root, "good", "bad", count=1)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_nothing, "holds no images; expected files that end on .bmp"),
        (_one_class, "has images of one class only, 'scratch'"),
        (_all_broken, "holds no image that can be used; the first of 4 problems: .*xml is not valid XML"),
        (_damaged_list, "train.txt is not UTF-8 text"),
        (_damaged_index, "index.csv is not a valid CSV file"),
        (_too_few, "leaves no image for"),
    ],
)
def test_unusable_folders_raise_one_sentence(tmp_path: Path, make: object, said: str) -> None:
    """It names the folder or file and what is expected; exit code 6."""
    assert callable(make)
    make(tmp_path)
    with pytest.raises(DataError, match=said) as error:
        read_dataset(tmp_path)
    assert str(tmp_path) in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.exit_code == 6


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """The commonest mistake of all."""
    with pytest.raises(DataError, match=r"there is no data folder at .*gone"):
        read_dataset(tmp_path / "gone")


@pytest.mark.data
def test_neu_is_read_by_the_general_rules() -> None:
    """Six classes, boxes, the published splits without the three excluded tiles."""
    dataset = read_dataset(layouts.shared_data("neu"))
    assert dataset.summary().startswith("read as VOC: 1,797 images, 6 classes, boxes; splits from splits/train.txt")
    assert _counts(dataset) == {"train": 1078, "val": 270, "test": 449}
    assert sum(len(s.boxes) for s in dataset.samples) == 2564 + 614 + 1008
    assert not dataset.has_good
    # What is left out is told: the film of the belt, and the split of the excluded tiles.
    assert sorted(problem.path.name for problem in dataset.problems) == ["index.csv", "neu"]


@pytest.mark.data
def test_spindle_is_read_by_the_general_rules() -> None:
    """Polygons, a good class of unlabelled images, the ignored ones left out."""
    dataset = read_dataset(layouts.shared_data("spindle"))
    assert _counts(dataset) == {"train": 417, "val": 89, "test": 145}
    assert Counter(s.class_name for s in dataset.samples) == {"Pitting": 394, "good": 257}
    assert sum(len(s.polygons) for s in dataset.samples) == 485
    assert "images left out because a list says so: 29" in dataset.notes
    assert [problem.path.name for problem in dataset.problems] == ["index.csv"]  # pictures that were not taken along


@pytest.mark.data
def test_casting_is_read_by_the_general_rules() -> None:
    """Folders, with val taken from train by the groups of index.csv."""
    dataset = read_dataset(layouts.shared_data("casting"))
    assert dataset.summary().startswith(
        "read as folders: 800 images, 2 classes, image labels only; splits from the train"
    )
    assert len(dataset.of("train")) + len(dataset.of("val")) == 600
    assert len(dataset.of("test")) == 200
    assert len({(s.group, s.split) for s in dataset.samples}) == len({s.group for s in dataset.samples}) == 173
    for split in ("train", "val", "test"):
        assert {s.class_name for s in dataset.of(split)} == {"good", "bad"}
    assert not dataset.problems
