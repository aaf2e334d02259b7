"""Is a part that the picture cuts off told, and no other? And a camera that repeats one picture? On a filmed belt.

    python -m benchmarks.cut_off --video ../shared/data/neu/line.avi --truth ../shared/data/neu/line.csv

The film is seen through windows: the whole of it, and ever less of its upper or lower side, so that parts lie partly
beside the window. A part is cut where some of it lies beside it; one that is wholly beside it does not count. The truth
is as in `benchmarks.belt`. For the frozen picture one picture of the film is repeated.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.belt import Tile, read_truth
from camera.frame import Frame
from edge.line.frozen import Frozen
from edge.parts.finder import PartFinder, Sighting

# Of a part less than this share is hardly to be told from a mark at the window's edge.
_LEAST_SHARE = 0.15
_FPS = 30
_FROZEN_MS = 500.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--video", type=Path, default=Path("../shared/data/neu/line.avi"))
    parser.add_argument("--truth", type=Path, default=Path("../shared/data/neu/line.csv"))
    arguments = parser.parse_args()
    frames, tiles = _read(arguments.video), read_truth(arguments.truth)
    console, height = Console(), frames[0].shape[0]
    table = Table(
        "window, rows", "parts whole", "told as cut", "parts cut", "told as cut", "told as whole", "elsewhere"
    )
    for top, bottom in ((0, height), (135, height), (180, height), (220, height), (0, 340), (0, 300), (0, 260)):
        table.add_row(f"{top} to {bottom}", *map(str, _told(frames, tiles, top, bottom)))
    console.print(table)
    console.print(f"frozen after {_FROZEN_MS:g} ms: {_frozen(frames)}", highlight=False)


def _told(frames: Sequence[NDArray[np.uint8]], tiles: Sequence[Tile], top: int, bottom: int) -> tuple[int, ...]:
    """Parts wholly in the window, those of them told as cut; parts cut, told as cut, told as whole; the others."""
    finder = PartFinder()
    windows = [np.ascontiguousarray(frame[top:bottom]) for frame in frames]
    found = [s for seq, window in enumerate(windows) for s in finder.feed(window, seq)] + finder.flush()
    shares = {tile.number: _share(tile, top, bottom) for tile in tiles}
    whole = {number for number, share in shares.items() if share == 1}
    cut = {number for number, share in shares.items() if _LEAST_SHARE <= share < 1}
    told = [(_tile_of(sighting, tiles, top), sighting.cut) for sighting in found]
    return (
        len(whole),
        sum(number in whole for number, is_cut in told if is_cut),
        len(cut),
        len({number for number, is_cut in told if is_cut} & cut),
        len({number for number, is_cut in told if not is_cut} & cut),
        sum(number is None for number, _ in told),
    )


def _share(tile: Tile, top: int, bottom: int) -> float:
    """How much of a part the window shows; a tile keeps its rows on its way."""
    place = next(iter(tile.places.values()))
    return max(0, min(bottom, place.y + place.h) - max(top, place.y)) / place.h


def _tile_of(sighting: Sighting, tiles: Sequence[Tile], top: int) -> int | None:
    """The part in which the middle of a sighting lies."""
    x, y = sighting.region.x + sighting.region.w / 2, sighting.region.y + sighting.region.h / 2 + top
    for tile in tiles:
        place = tile.places.get(sighting.seq)
        if place and place.x <= x < place.x + place.w and place.y <= y < place.y + place.h:
            return tile.number
    return None


def _frozen(frames: Sequence[NDArray[np.uint8]]) -> str:
    """False alarms on the film as it is, and detection where each of some of its pictures is repeated."""
    moving = _told_frozen(frames)
    repeated = [_told_frozen([frame] * (2 * _FPS)) for frame in frames[::25]]
    return (
        f"{sum(moving)} of {len(moving)} pictures of the film; where one is repeated for 2 s, "
        f"{sum(any(told) for told in repeated)} of {len(repeated)} times"
    )


def _told_frozen(frames: Sequence[NDArray[np.uint8]]) -> list[bool]:
    frozen = Frozen(_FROZEN_MS)
    return [frozen.feed(Frame(image, n, n * 10**9 // _FPS, 0, "film")) for n, image in enumerate(frames)]


def _read(video: Path) -> list[NDArray[np.uint8]]:
    film = cv2.VideoCapture(str(video))
    frames: list[NDArray[np.uint8]] = []
    while (read := film.read())[0]:
        frames.append(np.asarray(read[1], np.uint8))
    if not frames:
        raise SystemExit(f"there is no film {video}; name one with --video")
    return frames


if __name__ == "__main__":
    main()
