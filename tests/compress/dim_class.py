"""A bundle that knows brightness, pictures of its classes, and of a class between two of them that it does not know."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from compress.data.reading import Reading
from compress.new_class.add import Pictures, add_class
from compress.new_class.asked import NewClass
from compress.new_class.fitted import Fitted
from compress.progress import SilentReporter
from edge.bundle.load import Bundle
from tests.bundles import flat, make_bundle

LEVELS = {"black": 0, "grey": 128, "white": 255}
DIM = 64  # between black and grey: the graph takes it for one of them


def write_pictures(folder: Path, level: int, count: int, seed: int) -> Path:
    """Flat pictures near a brightness."""
    folder.mkdir(parents=True)
    levels = np.random.default_rng(seed).integers(-6, 7, count) + level
    for number, value in enumerate(levels.clip(0, 255)):
        cv2.imwrite(str(folder / f"{number}.png"), flat(int(value)))
    return folder


def make_base(root: Path) -> Bundle:
    """The bundle in `base`, with the pictures of its classes in `data` and of the new one in `new` beside it."""
    for number, (name, level) in enumerate(LEVELS.items()):
        for part, count in (("train", 20), ("val", 20), ("test", 4)):
            write_pictures(root / "data" / part / name, level, count, 10 * number + len(part))
    write_pictures(root / "new", DIM, 5, 99)
    return make_bundle(root / "base")


def add_dim(base: Bundle, out: Path) -> Fitted:
    """The class `dim`, from its five pictures."""
    root = base.path.parent
    new = NewClass("dim", ("a dim part",), root / "new", titles={"zh-TW": "昏暗"})
    return add_class(base.path, out, Pictures(root / "data", Reading()), new, SilentReporter())
