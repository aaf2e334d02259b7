"""COCO files are read as they say, and what is wrong in them never makes an image good."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as pycoco

from compress.data.dataset import read_dataset
from compress.data.masks import defect_mask
from compress.data.readers import coco
from compress.data.readers.files import list_files
from compress.data.readers.found import BoxLabel, FoundImage
from compress.data.readers.runs import draw_runs, runs_label
from compress.errors import DataError
from tests.compress import layouts


def _read(root: Path, annotations: list[dict[str, Any]], *categories: str) -> tuple[dict[str, FoundImage], str]:
    for i, name in enumerate(("a.png", "b.png")):
        layouts.write_image(root / name, seed=i)
    layouts.write_json(root / "labels.json", layouts.coco_file(["a.png", "b.png"], annotations, *categories))
    found = coco.read(list_files(root))
    return {i.path.name: i for i in found.images}, " ".join(p.sentence for p in found.problems)


def test_a_roboflow_export_keeps_its_splits_and_unmarked_images_are_good(tmp_path: Path) -> None:
    """Equal names in each split do not get mixed up; what counts as good only for want of a mark is said."""
    dataset = read_dataset(layouts.coco_set(tmp_path))
    assert dataset.summary() == (
        "read as COCO: 24 images, 2 classes, boxes; splits from test/_annotations.coco.json, "
        "train/_annotations.coco.json, val/_annotations.coco.json"
    )
    assert {c.name: c.kind for c in dataset.classes} == {"good": "good", "刮痕": "defect"}
    assert dataset.of("val")[0].boxes == (BoxLabel(2, 3, 10, 8, "刮痕"),)
    assert "images listed without any mark, which count as good: 12" in dataset.notes
    assert not dataset.problems


def test_splits_come_from_the_names_of_the_files(tmp_path: Path) -> None:
    """instances_train2017.json and instances_val2017.json, with the captions in files of their own."""
    for split in ("train", "val"):
        names = [f"{split}{i}.jpg" for i in range(6)]
        for i, name in enumerate(names):
            layouts.write_image(tmp_path / "images" / name, seed=10 * len(split) + i)
        boxes = [{"image_id": i, "category_id": 1, "bbox": [2, 3, 8, 5]} for i in (1, 2, 3)]
        told = [{"image_id": i, "caption": f"  part {i} "} for i in (1, 1, 2)]
        content = layouts.coco_file(names, boxes, "dent")
        layouts.write_json(tmp_path / "annotations" / f"instances_{split}2017.json", content)
        layouts.write_json(tmp_path / "annotations" / f"captions_{split}2017.json", layouts.coco_file(names, told))
    dataset = read_dataset(tmp_path)
    assert {s.name[:3] for s in dataset.of("val")} == {"val"}
    assert dataset.of("val")[0].captions == ("part 1",)
    assert "4 captions" in dataset.summary()


def test_regions_are_polygons_or_run_lengths_and_go_before_boxes(tmp_path: Path) -> None:
    """Plain and compressed run lengths draw the same pixels, a hole included."""
    region = np.zeros((16, 24), np.uint8)
    region[2:9, 3:12] = 1
    region[4:6, 5:8] = 0
    packed = pycoco.encode(np.asfortranarray(region))
    column_major = region.flatten(order="F").astype(int)
    plain = _plain_runs(column_major)
    box = [0, 0, 24, 16]
    annotations = [
        {"image_id": 1, "category_id": 1, "bbox": box, "segmentation": {"size": [16, 24], "counts": plain}},
        {
            "image_id": 2,
            "category_id": 1,
            "bbox": box,
            "segmentation": {"size": [16, 24], "counts": packed["counts"].decode()},
        },
        {"image_id": 2, "category_id": 1, "bbox": box, "segmentation": [[12, 12, 20, 12, 20, 15]]},
    ]
    images, problems = _read(tmp_path, annotations, "dent")
    assert problems == ""
    assert images["a.png"].runs == images["b.png"].runs
    assert images["a.png"].runs[0].area == region.sum()
    assert np.array_equal(draw_runs(images["a.png"].runs[0]), region.astype(bool))
    assert len(images["b.png"].polygons) == 1
    assert not images["b.png"].boxes


def _plain_runs(values: Any) -> list[int]:
    runs, current = [0], 0
    for value in values:
        if value != current:
            runs.append(0)
            current = value
        runs[-1] += 1
    return runs


def test_run_lengths_reach_the_defect_mask(tmp_path: Path) -> None:
    """A data set of run lengths has masks as any other."""
    images = [f"{i}.png" for i in range(12)]
    for i, name in enumerate(images):
        layouts.write_image(tmp_path / name, seed=i)
    runs = {"size": [16, 24], "counts": [16, 32, 16 * 24 - 48]}
    marks = [{"image_id": i, "category_id": 1, "segmentation": runs} for i in range(1, 7)]
    layouts.write_json(tmp_path / "labels.json", layouts.coco_file(images, marks, "dent"))
    dataset = read_dataset(tmp_path)
    assert dataset.places == "masks"
    mask = defect_mask(next(s for s in dataset.samples if s.kind == "defect"), 16, 24)
    assert mask is not None
    assert mask[:, 1:3].all()
    assert mask.sum() == 32


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"category_id": 7, "bbox": [1, 1, 4, 4]}, "has no category 7"),
        ({"category_id": 1}, "neither a region nor a box"),
        ({"category_id": 1, "bbox": [1, 2, 3]}, "neither a region nor a box"),
        ({"category_id": 1, "bbox": [1, 2, "3", 4]}, "Expected `float`, got `str`"),
        ({"category_id": 1, "segmentation": [[1, 2, 3, 4]]}, "a polygon of 4 numbers"),
        ({"category_id": 1, "segmentation": {"size": [16, 24], "counts": [5, 5]}}, "do not add up to 24x16"),
        ({"category_id": 1, "segmentation": {"size": [16, 24], "counts": [-5, 389]}}, "do not add up"),
        ({"category_id": 1, "segmentation": {"size": [16, 24], "counts": "o"}}, "are cut off"),
        ({"category_id": 1, "segmentation": {"size": [16, 24], "counts": "é"}}, "are damaged"),
        ({"category_id": 1, "segmentation": {"size": [9**9, 9**9], "counts": "0"}}, "for an image of 387420489x"),
    ],
)
def test_a_wrong_annotation_leaves_its_image_out_and_no_other(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    """Without one of its defects the image could pass for a better one; the sentence names it."""
    right = {"image_id": 1, "category_id": 1, "bbox": [1, 1, 4, 4]}
    images, problems = _read(tmp_path, [right, {"image_id": 2, **wrong}], "dent")
    assert list(images) == ["a.png"]
    assert said in problems
    assert "in annotation 2, of b.png; image left out" in problems


def test_double_ids_missing_images_and_unlisted_ones_are_told(tmp_path: Path) -> None:
    """An id for two images makes both unclear; an image that no file lists has no label."""
    for i in range(5):
        layouts.write_image(tmp_path / f"{i}.png", seed=i)
    content = layouts.coco_file(["0.png", "1.png", "2.png", "gone.png"], [{"image_id": 77}], "dent")
    content["annotations"].append({"image_id": 3, "category_id": 1, "bbox": [1, 1, 3, 3]})
    content["images"][1]["id"] = 1
    content["images"].append({"id": 9, "name": "3.png"})
    layouts.write_json(tmp_path / "labels.json", content)
    found = coco.read(list_files(tmp_path))
    said = " ".join(p.sentence for p in found.problems)
    assert "gives the id 1 to 0.png and 1.png; both are left out" in said
    assert "lists images that are not here: 1, such as 'gone.png'" in said
    assert "has an image 5 that cannot be read" in said
    assert "has annotations of images that it does not list: 1; its unmarked images do not count as good" in said
    assert [(i.path.name, i.label_path is not None) for i in found.images] == [
        ("2.png", True), ("3.png", False), ("4.png", False),
    ]  # fmt: skip


def test_a_file_for_another_size_and_one_without_annotations(tmp_path: Path) -> None:
    """Labels of another size cannot be trusted; a list of images with no annotation at all labels none of them."""
    dataset_root = layouts.coco_set(tmp_path / "a", 6)
    path = dataset_root / "val" / "_annotations.coco.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"width": 24', '"width": 48', 1), encoding="utf-8")
    assert "its label is for 48x16" in read_dataset(dataset_root).problems[0].sentence
    images, _ = _read(tmp_path / "b", [], "dent")
    assert [i.label_path for i in images.values()] == [None, None]


def test_a_truncated_file_ends_in_one_sentence_and_no_good_images(tmp_path: Path) -> None:
    """Else a set whose only label file broke off would be all good."""
    root = layouts.coco_set(tmp_path, 4)
    for path in root.rglob("*.json"):
        path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(
        DataError, match=r"no label that can be used; the first of 3 problems: .* not a whole COCO file"
    ):
        read_dataset(root)


_WHOLE = (
    b'{"images": [{"id": 1, "file_name": "a.png", "width": 24, "height": 16}], "annotations": [{"image_id": 1, '
    b'"category_id": 1, "segmentation": {"size": [16, 24], "counts": "b179000000000000000n5"}}], "categories": '
    b'[{"id": 1, "name": "x"}]}'
)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(_WHOLE)), st.integers(0, 12), st.binary(max_size=8))
def test_mangled_coco_never_gives_a_good_image(start: int, cut: int, new: bytes) -> None:
    """Whatever the bytes, the image is marked, has no label, or is left out with a sentence."""
    with tempfile.TemporaryDirectory() as folder:
        layouts.write_image(Path(folder) / "a.png", seed=0)
        (Path(folder) / "coco.json").write_bytes(_WHOLE[:start] + new + _WHOLE[start + cut :])
        found = coco.read(list_files(Path(folder)))
    for image in found.images:
        assert image.marks or image.label_path is None


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=20), st.text(st.characters(min_codepoint=48, max_codepoint=111), max_size=20)))
def test_any_run_lengths_are_drawn_or_refused(counts: str) -> None:
    """They come from strangers and end in C code."""
    try:
        label = runs_label(16, 24, counts, "x")
    except DataError:
        return
    assert draw_runs(label).sum() == label.area
