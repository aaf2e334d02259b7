"""The real sets, written again in other formats, are read as the same data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as pycoco

from compress.data.dataset import Dataset, Sample, read_dataset
from compress.data.images import read_image
from compress.data.masks import defect_mask
from tests.compress import layouts

pytestmark = pytest.mark.data

Known = set[tuple[str, str, str, tuple[tuple[object, ...], ...]]]


def _some(name: str, count: int) -> list[Sample]:
    dataset = read_dataset(layouts.shared_data(name))
    return [
        s for split in ("train", "val", "test") for c in dataset.classes
        for s in [s for s in dataset.of(split) if s.class_name == c.name][:count]
    ]  # fmt: skip


def _known(samples: tuple[Sample, ...] | list[Sample]) -> Known:
    def boxes(sample: Sample) -> tuple[tuple[object, ...], ...]:
        return tuple(sorted((*np.round((b.x0, b.y0, b.x1, b.y1), 2).tolist(), b.class_name) for b in sample.boxes))

    return {(s.path.stem, s.class_name, s.split, boxes(s)) for s in samples}


def _link(sample: Sample, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / sample.path.name).symlink_to(sample.path)
    return sample.path.name


def _as_coco(root: Path, samples: list[Sample], names: list[str]) -> None:
    for split in ("train", "val", "test"):
        here = [s for s in samples if s.split == split]
        marks = [
            {
                "image_id": i,
                "category_id": names.index(b.class_name) + 1,
                "bbox": [b.x0, b.y0, b.x1 - b.x0, b.y1 - b.y0],
            }
            for i, s in enumerate(here, 1)
            for b in s.boxes
        ]
        content = layouts.coco_file([_link(s, root / "images") for s in here], marks, *names)
        for image in content["images"]:
            image.update(width=200.0, height=200)
        layouts.write_json(root / "annotations" / f"instances_{split}.json", content)


def _as_yolo(root: Path, samples: list[Sample], names: list[str]) -> None:
    for s in samples:
        _link(s, root / s.split / "images")
        lines = [
            f"{names.index(b.class_name)} {(b.x0 + b.x1) / 400:.6f} {(b.y0 + b.y1) / 400:.6f} "
            f"{(b.x1 - b.x0) / 200:.6f} {(b.y1 - b.y0) / 200:.6f}"
            for b in s.boxes
        ]
        label = root / s.split / "labels" / f"{s.path.stem}.txt"
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text("\n".join(lines))
    (root / "data.yaml").write_text(
        f"train: ../train/images\nval: ../val/images\ntest: ../test/images\nnames: {names}\n"
    )


def _as_table(root: Path, samples: list[Sample], names: list[str]) -> None:
    rows = [
        f"{name},200,200,{b.class_name},{b.x0},{b.y0},{b.x1},{b.y1},{s.split}"
        for s, name in [(s, _link(s, root / "images")) for s in samples]
        for b in s.boxes
    ]
    (root / "labels.csv").write_text("\n".join(["filename,width,height,class,xmin,ymin,xmax,ymax,split", *rows]))


@pytest.mark.parametrize(("format", "write"), [("COCO", _as_coco), ("YOLO", _as_yolo), ("table", _as_table)])
def test_boxes_are_the_same_in_every_format(tmp_path: Path, format: str, write: object) -> None:
    """Classes, splits and boxes of NEU, in COCO, YOLO and a table of boxes."""
    samples = _some("neu", 6)
    assert callable(write)
    write(tmp_path, samples, sorted({b.class_name for s in samples for b in s.boxes}))
    dataset = read_dataset(tmp_path)
    assert dataset.format == format
    assert _known(dataset.samples) == _known(samples)
    assert not dataset.problems


def _same_masks(dataset: Dataset, masks: dict[str, np.ndarray]) -> None:
    assert {s.path.stem for s in dataset.samples} == masks.keys()
    for sample in dataset.samples:
        mask = masks[sample.path.stem]
        assert sample.kind == ("defect" if mask.any() else "good")
        assert np.array_equal(defect_mask(sample, *mask.shape), mask)  # type: ignore[arg-type]


def test_masks_are_the_same_as_polygons_run_lengths_and_files(tmp_path: Path) -> None:
    """Every pixel of spindle's polygons."""
    samples = _some("spindle", 3)
    masks = {}
    for s in samples:
        height, width = read_image(s.path).shape[:2]
        mask = defect_mask(s, height, width)
        assert mask is not None
        masks[s.path.stem] = mask
        _link(s, tmp_path / "files" / "images")
        layouts.write_pixels(tmp_path / "files" / "masks" / f"{s.path.stem}.png", mask.astype(np.uint8) * 255)
    _same_masks(read_dataset(tmp_path / "files"), masks)

    content = layouts.coco_file([_link(s, tmp_path / "runs") for s in samples], [], "pitting")
    for image, mask in zip(content["images"], masks.values(), strict=True):
        image.update(height=mask.shape[0], width=mask.shape[1])
        if mask.any():
            runs = pycoco.encode(np.asfortranarray(mask.astype(np.uint8)))
            region = {"size": runs["size"], "counts": runs["counts"].decode()}
            content["annotations"].append({"image_id": image["id"], "category_id": 1, "segmentation": region})
    layouts.write_json(tmp_path / "runs" / "labels.json", content)
    _same_masks(read_dataset(tmp_path / "runs"), masks)
