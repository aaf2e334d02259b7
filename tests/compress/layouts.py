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
