"""What it costs a line to keep a camera in a process of its own: the same film read in this process and in another.

    python -m benchmarks.camera_process [--size 640x480] [--frames 400]

Prints, per frame, the time until `read` returns and the processor time that this process, the line's, spends on it.
Both ways are read in turn, in short rounds, so that what else the machine does falls on both. The last row, the
difference, is the hand-over itself: one copy into shared memory and two messages.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from camera.open import open_camera
from camera.source import Source
from camera.spec import CameraSpec

_ROUND = 20
_FRAMES = 40


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians per frame, in microseconds. wall: `read` from call to return. line: processor time of this process."""

    wall_us: float
    line_us: float


def measure(size: tuple[int, int], frames: int) -> dict[str, Cost]:
    """In-process and isolated, over `frames` frames each of `size` (width, height)."""
    with tempfile.TemporaryDirectory() as folder:
        film = write_film(Path(folder) / "film.avi", size)
        with _reading(film, isolate=False) as inside, _reading(film, isolate=True) as outside:
            return _in_turn({"in process": inside, "isolated": outside}, frames)


def write_film(path: Path, size: tuple[int, int]) -> Path:
    """Frames of grain, as a sensor gives it."""
    rng = np.random.default_rng(0)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, size)
    for _ in range(_FRAMES):
        writer.write(np.clip(rng.normal(120, 12, (size[1], size[0], 3)), 0, 255).astype(np.uint8))
    writer.release()
    return path


@contextmanager
def _reading(film: Path, isolate: bool) -> Iterator[Source]:
    source = open_camera(CameraSpec("film", f"file:{film}?fps=0&loop=1", str(film.parent), isolate=isolate))
    source.open()
    try:
        yield source
    finally:
        source.close()


def _in_turn(sources: dict[str, Source], frames: int) -> dict[str, Cost]:
    rounds: dict[str, list[Cost]] = {name: [] for name in sources}
    for number in range(1 + frames // _ROUND):
        for name, source in sources.items():
            cost = _one_round(source)
            rounds[name] += [cost] if number else []  # the first round warms up
    return {
        name: Cost(statistics.median(c.wall_us for c in costs), statistics.median(c.line_us for c in costs))
        for name, costs in rounds.items()
    }


def _one_round(source: Source) -> Cost:
    walls = []
    cpu_ns = time.process_time_ns()
    for _ in range(_ROUND):
        begin_ns = time.perf_counter_ns()
        source.read(10)
        walls.append(time.perf_counter_ns() - begin_ns)
    return Cost(statistics.median(walls) / 1e3, (time.process_time_ns() - cpu_ns) / 1e3 / _ROUND)


def cost_table(costs: dict[str, Cost]) -> Table:
    inside, outside = costs["in process"], costs["isolated"]
    rows = {**costs, "difference": Cost(outside.wall_us - inside.wall_us, outside.line_us - inside.line_us)}
    table = Table("camera", "read, us a frame", "the line's processor, us a frame")
    for name, cost in rows.items():
        table.add_row(name, f"{cost.wall_us:.0f}", f"{cost.line_us:.0f}")
    return table


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.camera_process", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--size", type=_size, default=(640, 480), help="width x height of the pictures, in px")
    parser.add_argument("--frames", type=int, default=400, help="how many are read each way, 20 at least")
    given = parser.parse_args(arguments)
    Console().print(cost_table(measure(given.size, max(_ROUND, given.frames))))
    return 0


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{2,5})x(\d{2,5})", text)
    if match is None:
        raise argparse.ArgumentTypeError("write it as 640x480")
    return int(match[1]), int(match[2])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
