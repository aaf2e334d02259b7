"""Reports on the simulated line, with a generative teacher that was trained for it, against exact truth.

    python -m benchmarks.reports --bundle demo/simulated --out /tmp/reports

Draws parts, and says of each from its exact truth where on the part its defect lies. A VisionEncoderDecoder learns from
the captions of one half of the training parts; `edgevl language` learns from what that teacher writes about all of them
(sequence-level distillation). The captions of the test parts are held out. Needs a bundle of the demo; takes some
minutes on two cores. With --captions there is no teacher, and the captions of all training parts are learnt from. For
other data, `edgevl language` prints the same table.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.report_parts.writer import train_writer
from camera.simulated.defects import PART_CLASSES
from camera.simulated.picture import render_part
from camera.simulated.sprite import boxes_of
from compress.demo.captions import captions_of
from compress.demo.pictures import SIDE_PX
from compress.language.pipeline import LanguageRecipe, add_language
from compress.language.table import print_language
from compress.progress import ConsoleReporter

_SEED = 5000  # other parts than the demo's
_SHARES = (("train", 0.6), ("val", 0.15), ("test", 0.25))


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One part. caption: both languages."""

    name: str
    split: str
    image_HWC: NDArray[np.uint8]
    caption: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--parts", type=int, default=480)
    parser.add_argument("--writer-steps", type=int, default=500)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--captions", action="store_true", help="learn from captions, without a teacher")
    given = parser.parse_args()
    reporter = ConsoleReporter()
    drawn = draw(given.out / "pictures", given.parts, every_caption=given.captions)
    writer = given.out / "writer"
    if not given.captions and not (writer / "model.safetensors").is_file():
        known = [each for each in drawn if each.split == "train"][::2]
        train_writer(writer, [d.image_HWC for d in known], [d.caption for d in known], given.writer_steps, reporter)
    recipe = LanguageRecipe(
        describer=None if given.captions else str(writer), steps=given.steps, search_steps=1
    )  # searching has a benchmark of its own
    _, report = add_language(given.bundle, given.out / "pictures", given.out / "bundle", recipe, reporter)
    print_language(report, Console())


def draw(folder: Path, count: int, *, every_caption: bool = False) -> list[_Drawn]:
    """Parts of every class in turn, as pictures with a table of labels; only test parts carry captions, or all do."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    drawn, rows = [], []
    for number in range(count):
        name, split = f"images/part_{number:05d}.png", _split(number // len(PART_CLASSES), count // len(PART_CLASSES))
        picture = render_part(number, _SEED, SIDE_PX, PART_CLASSES[number % len(PART_CLASSES)])
        caption = " ".join(captions_of(picture).values())
        drawn.append(_Drawn(name, split, picture.image_HWC, caption))
        cv2.imwrite(str(folder / name), picture.image_HWC)
        row: dict[str, str | int] = {
            "image": name,
            "label": picture.class_name,
            "split": split,
            "caption": caption if split == "test" or every_caption else "",
        }
        boxes = boxes_of(picture.defect_mask_HW, 6)
        rows += [row | {"xmin": b.x, "ymin": b.y, "xmax": b.x + b.w, "ymax": b.y + b.h} for b in boxes] or [row]
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, ["image", "label", "split", "caption", "xmin", "ymin", "xmax", "ymax"])
        table.writeheader()
        table.writerows(rows)
    return drawn


def _split(number: int, of: int) -> str:
    """By the part's place among those of its class."""
    share, total = (number + 0.5) / max(1, of), 0.0
    for name, size in _SHARES:
        total += size
        if share <= total:
            return name
    return "test"


if __name__ == "__main__":
    main()
