"""A large frame in tiles against the same number of tiles bare: both in one run, in turn.

    python -m benchmarks.tiles --bundle bundles/neu [--megapixels 20] [--pictures FOLDER]

bare    a loop over as many pictures of a tile's size: `model_input` and the engine, nothing else
tiled   one frame cut into tiles, judged as the line does it: quality, decision, boxes, joined across seams

The frame is put together from pictures of the folder, so that tiles are as full of defects as those; without a folder
it is drawn at random. Prints the medians of the times, the ratio (target: 1.15 or less), and where the rest goes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from edge.bench.measure import load_pictures
from edge.bundle.load import load_bundle
from edge.engines.choose import open_engine
from edge.errors import EdgevlError
from edge.geometry import Region
from edge.inspection.inspector import Inspector, View
from edge.inspection.preprocess import model_input
from edge.inspection.tiles import Tiling, tile_regions

_ROUNDS = 9


def main() -> None:
    options = _options()
    bundle = load_bundle(options.bundle)
    opened = open_engine(bundle, threads=1)
    cv2.setNumThreads(1)
    side = options.tile
    frame_HWC = _frame(options.pictures, options.megapixels)
    tiling = Tiling(side, side, options.overlap)
    regions = tile_regions(Region(0, 0, frame_HWC.shape[1], frame_HWC.shape[0]), tiling)
    # Copies, as a program that has its pictures ready would hold them.
    ready = [frame_HWC[r.y : r.y + r.h, r.x : r.x + r.w].copy() for r in regions]
    inspector = Inspector(bundle, opened.engine)
    bare_s: list[float] = []
    tiled_s: list[float] = []
    parts: list[tuple[float, float, float]] = []
    for _ in range(_ROUNDS):
        begin = time.perf_counter()
        for image_HWC in ready:
            opened.engine.run(model_input(image_HWC, bundle.manifest.input)[None])
        bare_s.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        (found,) = inspector.inspect_all([View(frame_HWC, tiling=tiling)])
        tiled_s.append(time.perf_counter() - begin)
        parts.append((found.preprocess_ms, found.engine_ms, found.decide_ms))
    ratios = [tiled / bare for tiled, bare in zip(tiled_s, bare_s, strict=True)]
    table = Table("", "ms a frame", title=f"{frame_HWC.shape[1]} x {frame_HWC.shape[0]} px, {len(regions)} tiles")
    table.caption = f"{_ROUNDS} rounds; {opened.engine.description}; {found.decided.status}, {len(found.boxes)} boxes"
    table.add_row("bare: preprocess + engine", f"{statistics.median(bare_s) * 1e3:.1f}")
    table.add_row("tiled, as the line judges it", f"{statistics.median(tiled_s) * 1e3:.1f}")
    for index, name in enumerate(("preprocess and quality", "engine", "decision, boxes, joining")):
        table.add_row(f"  of which {name}", f"{statistics.median(part[index] for part in parts):.1f}")
    table.add_section()
    table.add_row("tiled / bare", f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")
    Console().print(table)
    opened.engine.close()


def _frame(pictures: Path | None, megapixels: float) -> NDArray[np.uint8]:
    """A frame of that size, 4 : 3."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = round(height * 4 / 3)
    if pictures is None:
        return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    images = load_pictures(str(pictures))
    tall, wide = images[0].shape[:2]
    rows, columns = -(-height // tall), -(-width // wide)
    grid = [[images[(r * columns + c) % len(images)][:tall, :wide] for c in range(columns)] for r in range(rows)]
    return np.ascontiguousarray(np.vstack([np.hstack(row) for row in grid])[:height, :width])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tiles", description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, help="a folder of pictures of one size to make the frame of")
    parser.add_argument("--megapixels", type=float, default=20.0)
    parser.add_argument("--tile", type=int, default=200, help="side of a tile in pixels")
    parser.add_argument("--overlap", type=float, default=0.2)
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except EdgevlError as error:
        sys.exit(f"error: {error}")
