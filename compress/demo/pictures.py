"""Pictures of simulated parts, written as a Pascal VOC folder such as a plant would bring."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import cv2
import msgspec

from camera.simulated.defects import DEFECT_CLASSES, PART_CLASSES, PartClass
from camera.simulated.picture import PartPicture, render_part
from camera.simulated.sprite import boxes_of
from compress.progress import Reporter

# As large as the line cuts a part from its frames: in another size it is sharper or softer than what was learned.
SIDE_PX = 240
_DONE = "complete"  # written last
_SPLITS = {"train": 0.60, "val": 0.15, "test": 0.25}
_GOOD_SHARE = 0.3
_BOX_GAP_PX = 6

TITLES: dict[PartClass, dict[str, str]] = {
    "good": {"en": "Good", "zh-TW": "良品"},
    "scratch": {"en": "Scratch", "zh-TW": "刮傷"},
    "dent": {"en": "Dent", "zh-TW": "凹痕"},
    "stain": {"en": "Oil stain", "zh-TW": "油污"},
    "crack": {"en": "Crack", "zh-TW": "裂紋"},
    "missing_hole": {"en": "Missing hole", "zh-TW": "缺孔"},
    "chip": {"en": "Chipped edge", "zh-TW": "崩邊"},
    "swarf": {"en": "Swarf", "zh-TW": "切屑"},
}


@dataclass(frozen=True, slots=True)
class _Order:
    """One picture to draw."""

    number: int
    seed: int
    class_name: PartClass
    folder: Path

    @property
    def name(self) -> str:
        return f"part_{self.number:05d}"


def write_pictures(folder: Path, count: int, seed: int, reporter: Reporter) -> None:
    """Draw `count` parts (three in ten good) into `folder`, unless it is complete; with splits and titles."""
    if (folder / _DONE).is_file():
        return
    for inside in ("images", "annotations", "splits"):
        (folder / inside).mkdir(parents=True, exist_ok=True)
    orders = [_Order(number, seed, _class_for(number, count), folder) for number in range(count)]
    with reporter.bar("drawing parts", count) as advance, multiprocessing.get_context("spawn").Pool(2) as pool:
        for _ in pool.imap_unordered(_draw, orders, chunksize=16):
            advance()
    for split, names in _split(orders).items():
        (folder / "splits" / f"{split}.txt").write_text("\n".join(sorted(names)) + "\n", encoding="utf-8")
    (folder / "titles.json").write_bytes(msgspec.json.format(msgspec.json.encode(TITLES)))
    (folder / _DONE).touch()


def _class_for(number: int, count: int) -> PartClass:
    """Good for the first three in ten, then one defect after the other: every class is as frequent as planned."""
    good = round(count * _GOOD_SHARE)
    return PART_CLASSES[0] if number < good else DEFECT_CLASSES[number % len(DEFECT_CLASSES)]


def _split(orders: list[_Order]) -> dict[str, list[str]]:
    """Every class in the same shares; each picture is a part of its own, so nothing leaks."""
    splits: dict[str, list[str]] = {name: [] for name in _SPLITS}
    for class_name in PART_CLASSES:
        names = [o.name for o in orders if o.class_name == class_name]
        train, val = round(len(names) * _SPLITS["train"]), round(len(names) * _SPLITS["val"])
        splits["train"] += names[:train]
        splits["val"] += names[train : train + val]
        splits["test"] += names[train + val :]
    return splits


def _draw(order: _Order) -> None:
    picture = render_part(order.number, order.seed, SIDE_PX, order.class_name)
    image = order.folder / "images" / f"{order.name}.png"
    cv2.imwrite(str(image), picture.image_HWC)
    xml = _annotation(picture, image.name)
    (order.folder / "annotations" / f"{order.name}.xml").write_text(xml, encoding="utf-8")


def _annotation(picture: PartPicture, filename: str) -> str:
    """Pascal VOC: boxes count from 1, both ends included."""
    height, width = picture.image_HWC.shape[:2]
    objects = "".join(
        f"<object><name>{escape(picture.class_name)}</name><bndbox>"
        f"<xmin>{box.x + 1}</xmin><ymin>{box.y + 1}</ymin><xmax>{box.x + box.w}</xmax><ymax>{box.y + box.h}</ymax>"
        "</bndbox></object>\n"
        for box in boxes_of(picture.defect_mask_HW, _BOX_GAP_PX)
    )
    return (
        f"<annotation><filename>{escape(filename)}</filename>"
        f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>\n{objects}</annotation>\n"
    )
