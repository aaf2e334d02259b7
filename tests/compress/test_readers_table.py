"""CSV and JSON lines with whatever people write into them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compress.data.dataset import read_dataset
from compress.data.readers import table
from compress.data.readers.files import list_files
from compress.data.readers.found import BoxLabel, Found, FoundImage
from compress.errors import DataError
from tests.compress import layouts


def _found(root: Path, name: str, *lines: str | dict[str, Any], images: int = 3) -> Found:
    for i in range(images):
        layouts.write_image(root / f"{i}.png", seed=i)
    text = "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    (root / name).write_text(text, encoding="utf-8")
    return table.read(list_files(root))


def _first(found: Found) -> FoundImage:
    return next(image for image in found.images if image.path.name == "0.png")


def test_grades_groups_and_captions(tmp_path: Path) -> None:
    """Grade 0 is good; a group stays in one split; a comma in quotes is part of the sentence."""
    dataset = read_dataset(layouts.table_set(tmp_path))
    assert dataset.summary().startswith(
        "read as table: 24 images, 3 classes, image labels only, 24 captions; splits made"
    )
    assert {c.name: c.kind for c in dataset.classes} == {"good": "good", "grade 1": "defect", "grade 2": "defect"}
    assert len({(s.group, s.split) for s in dataset.samples}) == 12
    assert dataset.samples[0].captions == ("part 0, seen from above",)


@pytest.mark.parametrize("header", ["image;label;split", "File Name\tCategory\tSubset", "檔名,標籤,split"])
def test_columns_may_be_called_and_parted_as_people_do(tmp_path: Path, header: str) -> None:
    """Semicolons of a European Excel, tabs, Chinese; the words for severity are classes."""
    mark = next(c for c in ";\t," if c in header)
    for i in range(12):
        layouts.write_image(tmp_path / f"{i}.png", seed=i)
    rows = [
        mark.join((f"{i}.png", ("ok", "輕微", "severe")[i % 3], ("train", "valid", "test")[i // 4])) for i in range(12)
    ]
    (tmp_path / "labels.csv").write_text("\ufeff" + "\n".join([header, *rows]), encoding="utf-8")
    dataset = read_dataset(tmp_path)
    assert {c.name: c.kind for c in dataset.classes} == {"ok": "good", "severe": "defect", "輕微": "defect"}
    assert dataset.split_source == "splits from labels.csv"


def test_one_row_for_each_box(tmp_path: Path) -> None:
    """As the object detection tools of TensorFlow write it, image size included."""
    found = _found(
        tmp_path,
        "annotations.csv",
        "filename,width,height,class,xmin,ymin,xmax,ymax",
        "0.png,24,16,dent,1,2,5,6",
        "0.png,24,16,hole,7,8,9,10",
    )
    assert _first(found).boxes == (BoxLabel(1, 2, 5, 6, "dent"), BoxLabel(7, 8, 9, 10, "hole"))
    assert _first(found).label_size == (24, 16)


def test_json_lines_with_boxes_questions_and_captions(tmp_path: Path) -> None:
    """`boxes` are corners, `bbox` is x, y, width, height; `objects` is Hugging Face's."""
    found = _found(
        tmp_path,
        "metadata.jsonl",
        {
            "file_name": "0.png",
            "boxes": [[1, 2, 5, 6, "dent"], {"label": "hole", "xmin": 1, "ymin": 1, "xmax": 3, "ymax": 3}],
        },
        {"file_name": "0.png", "text": ["a dent", "凹痕"], "question": "Is it good?", "answer": "No"},
        {"file_name": "0.png", "questions": [["Where?", "left"], {"question": "How many?", "answer": 2}]},
        {"file_name": "1.png", "objects": {"bbox": [[1, 2, 4, 4]], "category": ["dent"]}},
        {"file_name": "2.png", "label": "dent", "bbox": [1, 2, 4, 4]},
    )
    first = _first(found)
    assert first.boxes == (BoxLabel(1, 2, 5, 6, "dent"), BoxLabel(1, 1, 3, 3, "hole"))
    assert first.captions == ("a dent", "凹痕")
    assert first.questions == (("Is it good?", "No"), ("Where?", "left"), ("How many?", "2"))
    assert found.images[1].boxes == found.images[2].boxes == (BoxLabel(1, 2, 5, 6, "dent"),)
    assert not found.problems


def test_masks_named_by_a_table(tmp_path: Path) -> None:
    """Empty or absent ones mean good; the mask files are no images."""
    layouts.write_mask(tmp_path / "gt" / "0.png")
    layouts.write_mask(tmp_path / "gt" / "1.png", marked=False)
    found = _found(tmp_path, "a.csv", "image,mask", "0.png,gt/0.png", "1.png,gt/1.png", "2.png,")
    assert [(i.class_name, i.mask_path is not None) for i in found.images] == [
        ("defect", True), ("good", False), ("good", False),
    ]  # fmt: skip


def test_each_folder_may_have_its_own_table(tmp_path: Path) -> None:
    """Names are then meant from the table's folder, and the folders are the splits."""
    for split in ("train", "test"):
        for i in range(8):
            layouts.write_image(tmp_path / split / f"{i}.png", seed=len(split) * 10 + i)
        lines = [json.dumps({"file_name": f"{i}.png", "label": "ok" if i % 2 else "ng"}) for i in range(8)]
        (tmp_path / split / "metadata.jsonl").write_text("\n".join(lines))
    dataset = read_dataset(tmp_path)
    assert (dataset.format, len(dataset.samples), len(dataset.of("test"))) == ("table", 16, 8)
    assert not dataset.problems


def test_images_without_a_label_are_kept_apart_with_their_captions(tmp_path: Path) -> None:
    """In no row, or in a row without a label."""
    layouts.table_set(tmp_path)
    for i in range(2):
        layouts.write_image(tmp_path / "images" / f"new{i}.png", seed=900 + i)
    with (tmp_path / "labels.csv").open("a") as file:
        file.write("\nimages/new0.png,,,shiny")
    assert [u.captions for u in read_dataset(tmp_path).unlabelled] == [("shiny",), ()]


def test_folders_that_are_classes_go_before_a_table_that_labels_few(tmp_path: Path) -> None:
    """Such an index corrects them."""
    layouts.folder_set(tmp_path, "good", "bad")
    (tmp_path / "index.csv").write_text("path,class\ngood/0.png,bad\n")
    dataset = read_dataset(tmp_path)
    assert (dataset.format, sum(s.class_name == "bad" for s in dataset.samples)) == ("folders", 9)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"image": "0.png", "boxes": [[1, 2, 3]]}, "has a box [1, 2, 3] that is not four numbers for '0.png'"),
        ({"image": "0.png", "boxes": "[[1, 2"}, "not written as [[x, y, x, y], ...]"),
        ({"image": "0.png", "boxes": {"a": 1}}, "boxes that are not a list"),
        ({"image": "0.png", "bbox": [[1, 2, "x", 4]]}, "that is not four numbers"),
        ({"image": "0.png", "objects": [1]}, "has `objects` that are not"),
        ({"image": "0.png", "objects": {"bbox": [[1, 2, 3, 4]], "category": []}, "label": ["a"]}, "not a word"),
        ({"image": "0.png", "grade": -1}, "has the grade -1; grades count from 0"),
        ({"image": "0.png", "label": "x", "mask": "gone.png"}, "names 'gone.png', which is not here for '0.png'"),
        ({"image": "0.png", "questions": [["no answer"]]}, "a question without an answer"),
    ],
)
def test_a_wrong_row_leaves_its_image_out_and_no_other(tmp_path: Path, row: dict[str, Any], said: str) -> None:
    """The sentence names the table and the image."""
    found = _found(tmp_path, "a.jsonl", {"image": "1.png", "label": "dent"}, row)
    assert [i.path.name for i in found.images] == ["1.png", "2.png"]
    assert (found.problems[0].path.name, said in found.problems[0].sentence) == ("a.jsonl", True)


def test_rows_that_contradict_each_other_or_lead_nowhere_are_told(tmp_path: Path) -> None:
    """Neither of two labels or splits is chosen; broken lines and missing images are named."""
    found = _found(
        tmp_path,
        "a.csv",
        "image,label,split",
        "0.png,dent,train",
        "0.png,good,train",
        "1.png,dent,train",
        "1.png,dent,test",
        "2.png,a,b,c",
        "gone.png,dent,train",
    )
    said = " ".join(p.sentence for p in found.problems)
    assert [(i.path.name, i.class_name) for i in found.images] == [("2.png", None)]
    assert "is given several labels (dent, good) and no boxes" in said
    assert "has the splits train and test for '1.png'" in said
    assert "has more values than columns in line 6" in said
    assert "names images that are not here or not clear: 1, such as 'gone.png'" in said


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("a.csv", ["image,label", "0.png,dent", ",dent", "gone.png,dent"]),
        ("a.jsonl", ['{"image": "0.png", "label": "dent"}', "", '{"image": "", "label": "dent"}', '{"label": "dent"}']),
    ],
)
def test_a_row_without_an_image_is_named_by_its_line(tmp_path: Path, name: str, lines: list[str]) -> None:
    """A line number is found at once in a table of thousands; empty lines of a file count."""
    said = " ".join(p.sentence for p in _found(tmp_path, name, *lines).problems)
    assert ("rows without an image: 1, in line 3;" if name == "a.csv" else "an image: 2, in line 3, 4;") in said
    assert ("such as 'gone.png' in line 4" in said) == (name == "a.csv")


def test_captions_alone_are_no_labels(tmp_path: Path) -> None:
    """The sentence says so, and the two ways out; the second of them reads the table."""
    for i in range(4):
        layouts.write_image(tmp_path / f"{i}.png", seed=i)
    (tmp_path / "a.csv").write_text("\n".join(["image,caption", *(f"{i}.png,part {i}" for i in range(4))]))
    with pytest.raises(DataError, match=r"captions of its 4 images and no labels.*column label.*--prompts"):
        read_dataset(tmp_path)
    assert next(u.captions for u in read_dataset(tmp_path, allow_unlabelled=True).unlabelled) == ("part 0",)


@pytest.mark.parametrize("header", ["image,severity", "image,severity,group"])
def test_a_damaged_table_ends_in_one_sentence(tmp_path: Path, header: str) -> None:
    """It is the only label there is; one that tells groups may not even be passed over."""
    layouts.table_set(tmp_path)
    (tmp_path / "labels.csv").write_text(f'{header}\nimages/1.png,1\n"images/2')
    for format in ("auto", "csv"):
        with pytest.raises(DataError, match=r"labels\.csv is not a valid CSV file"):
            read_dataset(tmp_path, format)


def test_captions_stand_beside_any_layout_in_index_csv(tmp_path: Path) -> None:
    """A table of sentences alone does not take the classes of folders away."""
    layouts.folder_set(tmp_path, "ok", "crack")
    lines = [f"{c}/{i}.png,{c} number {i}" for c in ("ok", "crack") for i in range(8)]
    (tmp_path / "index.csv").write_text("\n".join(["path,caption", *lines]))
    dataset = read_dataset(tmp_path)
    assert (dataset.format, {c.name for c in dataset.classes}) == ("folders", {"ok", "crack"})
    assert dataset.samples[0].captions == ("crack number 0",)


def test_a_good_part_with_something_marked_is_left_out(tmp_path: Path) -> None:
    """One of the two is wrong, and which cannot be known."""
    layouts.table_set(tmp_path)
    layouts.write_mask(tmp_path / "masks" / "0.png")
    (tmp_path / "more.csv").write_text("image,mask\nimages/0.png,masks/0.png\n")
    dataset = read_dataset(tmp_path)
    assert [p.sentence for p in dataset.problems] == ["is called 'good' but its mask 0.png is not empty; left out"]
    assert len(dataset.samples) == 23


_WHOLE = (
    b'{"image": "0.png", "label": "dent", "boxes": [[1, 2, 5, 6]], "question": "?", "answer": "!", "split": "train"}'
)
_CSV = b'image,label,xmin,ymin,xmax,ymax,mask\n0.png,dent,1,2,5,6,\n0.png,"a, b",7,2,9,6,\n'


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([("a.jsonl", _WHOLE), ("a.csv", _CSV)]),
    st.integers(0, 110),
    st.integers(0, 12),
    st.binary(max_size=8),
)
def test_mangled_tables_never_make_an_image_good(file: tuple[str, bytes], start: int, cut: int, new: bytes) -> None:
    """Whatever the bytes: marked, without a label, or left out with a sentence."""
    name, whole = file
    with tempfile.TemporaryDirectory() as folder:
        layouts.write_image(Path(folder) / "0.png", seed=0)
        (Path(folder) / name).write_bytes(whole[:start] + new + whole[start + cut :])
        found = table.read(list_files(Path(folder)))
    assert all(image.class_name != "good" and image.label_path is None for image in found.images)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("圖片,標籤\n0.png,良品\n".encode("big5"), "labels.csv is not UTF-8 text; save it again as UTF-8"),
        ("image\tlabel\n0.png\tok\n".encode("utf-16"), "labels.csv is not UTF-8 text; save it again as UTF-8"),
        (b"foto;befund\n0.png;ok\n", "has no column image (its columns are: foto, befund)"),
        (b"image;befund\n0.png;ok\n", "names images, but has no column label, grade, mask or boxes"),
    ],
)
def test_a_table_that_tells_nothing_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    """A list in Excel's own encoding or with other columns is what is wrong, not the layout of the folder."""
    layouts.write_image(tmp_path / "0.png", seed=0)
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(DataError, match="no label that can be used") as refused:
        read_dataset(tmp_path)
    assert said.removeprefix("labels.csv ") in str(refused.value)
    assert "labels.csv" in str(refused.value)


@pytest.mark.parametrize("name", ["labels.csv", "index.csv"])
def test_splits_and_images_that_are_none_are_said(tmp_path: Path, name: str) -> None:
    """A mistyped split is not quietly made up anew, whether the table holds the labels or stands beside folders."""
    layouts.folder_set(tmp_path, "ok", "dent")
    rows = [f"{p.relative_to(tmp_path)},{p.parent.name},trian" for p in sorted(tmp_path.rglob("*.png"))]
    (tmp_path / name).write_text("\n".join(["path,class,split", *rows, "ok/nowhere.png,ok,train"]))
    said = " ".join(p.sentence for p in read_dataset(tmp_path).problems)
    assert "has 16 splits called neither train, val nor test, such as 'trian'" in said
    assert ": 1, such as 'ok/nowhere.png'" in said
