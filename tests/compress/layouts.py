"""Writes tiny data sets in each layout, and finds the real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def shared_data(name: str) -> Path:
    """A real data set; the test is skipped where it is absent."""
    if not (SHARED / name).is_dir():
        pytest.skip(f"the real images ../shared/data/{name} are not on this machine")
    return SHARED / name


def write_image(path: Path, seed: int, width: int = 24, height: int = 16) -> Path:
    """A picture of noise, different for each seed, of the kind its suffix says."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return write_pixels(path, noise)


def write_pixels(path: Path, pixels: NDArray[Any]) -> Path:
    """These very pixels (BGR)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ok, encoded = cv2.imencode(path.suffix, pixels)
    assert ok
    path.write_bytes(encoded.tobytes())
    return path


def write_voc(path: Path, *boxes: tuple[str, int, int, int, int], size: tuple[int, int] = (24, 16)) -> Path:
    """An annotation with boxes (class, xmin, ymin, xmax, ymax)."""
    corners = ("xmin", "ymin", "xmax", "ymax")
    objects = "".join(
        f"<object><name>{escape(name)}</name><bndbox>"
        + "".join(f"<{c}>{v}</{c}>" for c, v in zip(corners, values, strict=True))
        + "</bndbox></object>"
        for name, *values in boxes
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    sizes = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>"
    path.write_text(f"<annotation><filename>{escape(path.stem)}</filename>{sizes}{objects}</annotation>")
    return path


def write_labelme(path: Path, *shapes: tuple[str, str, list[list[float]]], **more: Any) -> Path:
    """A label file with shapes (label, shape type, points)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content: dict[str, Any] = {
        "version": "5.5.0",
        "flags": {},
        "shapes": [{"label": name, "shape_type": kind, "points": points} for name, kind, points in shapes],
        "imagePath": f"..\\images\\{path.stem}.png",
        "imageData": None,
        "imageHeight": 16,
        "imageWidth": 24,
    }
    path.write_text(json.dumps({**content, **more}, ensure_ascii=False), encoding="utf-8")
    return path


def write_lists(root: Path, **lists: list[str]) -> None:
    """splits/NAME.txt for each list."""
    (root / "splits").mkdir(parents=True, exist_ok=True)
    for name, lines in lists.items():
        (root / "splits" / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def voc_set(root: Path, count: int = 8) -> Path:
    """`count` images each of scratch and dent, boxes in annotations/."""
    for c, name in enumerate(("scratch", "dent")):
        for i in range(count):
            write_image(root / "images" / f"{name}_{i}.png", seed=100 * c + i)
            write_voc(root / "annotations" / f"{name}_{i}.xml", (name, 3, 2, 10, 8))
    return root


def labelme_set(root: Path, count: int = 8) -> Path:
    """`count` images with a polygon, `count` without a label file."""
    for i in range(count):
        write_image(root / "images" / f"part {i}.png", seed=i)
        write_image(root / "images" / f"零件{i}.png", seed=100 + i)
        write_labelme(root / "labels" / f"零件{i}.json", ("刮痕", "polygon", [[2, 2], [10, 2], [10, 8], [2, 8]]))
    return root


def folder_set(root: Path, *classes: str, count: int = 8) -> Path:
    """One folder per class."""
    for c, name in enumerate(classes):
        for i in range(count):
            write_image(root / name / f"{i}.png", seed=1000 * c + i)
    return root


def mvtec_set(root: Path, count: int = 8) -> Path:
    """good in train and test, two defects with masks in test only."""
    for i in range(count):
        write_image(root / "train" / "good" / f"{i:03}.png", seed=i)
        write_image(root / "test" / "good" / f"{i:03}.png", seed=100 + i)
        for d, name in enumerate(("hole", "cut")):
            write_image(root / "test" / name / f"{i:03}.png", seed=200 + 100 * d + i)
            mask = np.zeros((16, 24), np.uint8)
            mask[4:8, 6:12] = 255
            write_pixels(root / "ground_truth" / name / f"{i:03}_mask.png", mask)
    return root


def write_mask(path: Path, marked: bool = True) -> Path:
    """A mask of the size of `write_image`, with a square of 24 pixels or nothing in it."""
    mask = np.zeros((16, 24), np.uint8)
    if marked:
        mask[4:8, 6:12] = 255
    return write_pixels(path, mask)


def visa_set(root: Path, count: int = 8, product: str = "candle") -> Path:
    """The product's folder: normal and anomalous images, masks, annotations, and the split file beside it."""
    annotated, split = ["image,label,mask"], ["object,split,label,image,mask"]
    for i in range(count):
        normal, anomaly = f"{product}/Data/Images/Normal/{i:04}.JPG", f"{product}/Data/Images/Anomaly/{i:03}.JPG"
        mask = f"{product}/Data/Masks/Anomaly/{i:03}.png"
        write_image(root / normal, seed=i)
        write_image(root / anomaly, seed=100 + i)
        write_mask(root / mask)
        annotated += [f"{normal},normal,", f'{anomaly},"{"wax,dent" if i % 2 else "dent"}",{mask}']
        split += [
            f"{product},{'test' if i % 4 == 3 else 'train'},normal,{normal},",
            f"{product},test,anomaly,{anomaly},{mask}",
        ]
    (root / product / "image_anno.csv").write_text("\n".join(annotated))
    (root / "split_csv").mkdir(exist_ok=True)
    (root / "split_csv" / "1cls.csv").write_text(
        "\n".join([*split, "other,train,normal,other/Data/Images/Normal/1.JPG,"])
    )
    return root / product


def coco_file(images: list[str], annotations: list[dict[str, Any]], *categories: str) -> dict[str, Any]:
    """The content of a COCO file: images 24x16 with ids from 1, categories with ids from 1."""
    return {
        "info": {},
        "images": [{"id": i, "file_name": n, "width": 24, "height": 16} for i, n in enumerate(images, 1)],
        "annotations": [{"id": i, **a} for i, a in enumerate(annotations, 1)],
        "categories": [{"id": i, "name": n, "supercategory": "none"} for i, n in enumerate(categories, 1)],
    }


def write_json(path: Path, content: object) -> Path:
    """Any content as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def coco_set(root: Path, count: int = 8) -> Path:
    """train and val in files of their own; a box for every other image, nothing on the rest."""
    for s, split in enumerate(("train", "val", "test")):
        names = [f"零件 {i}.png" for i in range(count)]
        for i, name in enumerate(names):
            write_image(root / split / name, seed=100 * s + i)
        boxes = [{"image_id": i + 1, "category_id": 1, "bbox": [2, 3, 8, 5]} for i in range(0, count, 2)]
        write_json(root / split / "_annotations.coco.json", coco_file(names, boxes, "刮痕"))
    return root


def yolo_set(root: Path, count: int = 8, description: bool = True) -> Path:
    """images/SPLIT and labels/SPLIT; a box, a polygon, an empty file and no file in turn."""
    lines = ("0 0.5 0.5 0.5 0.5\n", "1 0.25 0.25 0.75 0.25 0.75 0.75\n", "", None)
    for s, split in enumerate(("train", "val", "test")):
        for i in range(count):
            write_image(root / "images" / split / f"{split} {i}.png", seed=100 * s + i)
            line = lines[i % 4]
            if line is not None:
                label = root / "labels" / split / f"{split} {i}.txt"
                label.parent.mkdir(parents=True, exist_ok=True)
                label.write_text(line)
    if description:
        text = (
            "path: ../datasets/x\ntrain: images/train\nval: images/val\ntest: images/test\nnames: {0: 刮痕, 1: dent}\n"
        )
        (root / "data.yaml").write_text(text, encoding="utf-8")
    return root


def table_set(root: Path, count: int = 8) -> Path:
    """labels.csv with graded labels, groups and captions for flat images."""
    lines = ["image,severity,group,caption"]
    for i in range(count * 3):
        write_image(root / "images" / f"{i}.png", seed=i)
        lines.append(f'images/{i}.png,{i % 3},g{i // 2},"part {i}, seen from above"')
    (root / "labels.csv").write_text("\n".join(lines))
    return root


def mask_set(root: Path, count: int = 8) -> Path:
    """x.png with x_mask.png, every other one empty."""
    for i in range(count * 2):
        write_image(root / f"{i}.png", seed=i)
        write_mask(root / f"{i}_mask.png", marked=i % 2 == 0)
    return root
