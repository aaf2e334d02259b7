"""A whole run of the workshop small enough for a test, here or in a process of its own.

`python -m tests.compress.small_run TEACHER DATA OUT [STEPS]` runs it, one sentence a line.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from compress.pipeline import compress
from compress.progress import Advance, SilentReporter
from compress.recipe import Recipe
from tests.compress import layouts

SMALL = Recipe(steps=12, recover_steps=4, views=48)
SIDE = 64


class LineReporter(SilentReporter):
    """Says every sentence and the title of every bar at once, for a test that listens to the process."""

    def say(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    @contextmanager
    def bar(self, title: str, total: int) -> Iterator[Advance]:
        self.say(f"begins: {title}")
        with super().bar(title, total) as advance:
            yield advance


def write_parts(root: Path, count: int = 24) -> Path:
    """VOC: `count` grey parts that are good and as many with a black spot, marked by its box; no two alike."""
    for index in range(2 * count):
        rng = np.random.default_rng(index)
        picture = rng.integers(120, 180, (SIDE, SIDE, 3), dtype=np.uint8)
        name, boxes = f"good_{index:02}", []
        if index % 2:
            name = f"spot_{index:02}"
            x, y = (int(v) for v in rng.integers(4, SIDE - 28, 2))
            picture[y : y + 24, x : x + 24] = 10
            boxes = [("spot", x + 1, y + 1, x + 24, y + 24)]
        layouts.write_pixels(root / "images" / f"{name}.png", picture)
        layouts.write_voc(root / "annotations" / f"{name}.xml", *boxes, size=(SIDE, SIDE))
    return root


if __name__ == "__main__":
    teacher, data, out, *steps = sys.argv[1:]
    compress(
        teacher, Path(data), Path(out), replace(SMALL, steps=int((steps or [str(SMALL.steps)])[0])), LineReporter()
    )
