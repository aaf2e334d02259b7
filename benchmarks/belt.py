"""How many parts of a filmed belt get one verdict, of the right class: the real line over a video with known truth.

    python -m benchmarks.belt --bundle bundles/neu --video belt.avi --truth belt.csv

The truth is a CSV with a row for each tile and frame: frame (from 0), tile_no, tile, class, x, y, w, h (of the visible
part, in px), full_x, visible (share in view). A verdict belongs to the tile that its region covers best in the very
frame it was given for, from an IoU of 0.5 on. Verdicts are read back from the history, as a reader of it would.

Exit codes: 0 measured, 3 a file is absent or not such a CSV; others as of `edgevl run`.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from edge.config.sections import CameraSection, DashboardSection, EngineSection, FeedSection, LineFile, LineSection
from edge.errors import ConfigError, EdgevlError
from edge.geometry import Region
from edge.messages import Verdict
from edge.service import run_line
from edge.store.history import History

_CAMERA = "belt"
_LEAST_IOU = 0.5
_MOST_VERDICTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Tile:
    """One part of the film. places: where it is, frame by frame, in px."""

    number: int
    name: str
    class_name: str
    places: dict[int, Region]


@dataclass(frozen=True, slots=True)
class Match:
    """A verdict with the tile it belongs to and the overlap (0..1); None where it covers none."""

    verdict: Verdict
    tile: Tile | None
    iou: float


@dataclass(frozen=True, slots=True)
class Film:
    """What is run. margin: of the part trigger. realtime: at the video's own pace instead of waiting for the line."""

    bundle: Path
    video: Path
    truth: Path
    margin: float = 0.0
    realtime: bool = False


def read_truth(path: Path) -> list[Tile]:
    """The tiles of a truth CSV, in the order of their numbers. Raises ConfigError."""
    tiles: dict[int, Tile] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                number = int(row["tile_no"])
                tile = tiles.setdefault(number, Tile(number, row["tile"], row["class"], {}))
                tile.places[int(row["frame"])] = Region(*(int(row[key]) for key in "xywh"))
    except OSError as error:
        raise ConfigError(f"cannot read the truth {path} ({error.strerror}); name a CSV with --truth") from error
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        raise ConfigError(
            f"{path} is no truth of a belt ({error!r}); see the columns in benchmarks/README.md"
        ) from error
    if not tiles:
        raise ConfigError(f"{path} names no tile; see the columns in benchmarks/README.md")
    return [tiles[number] for number in sorted(tiles)]


def verdicts_of(film: Film) -> list[Verdict]:
    """Run the line over the whole video and read back what it stored, oldest first. Raises EdgevlError."""
    if not film.video.is_file():
        raise ConfigError(f"there is no video {film.video}; name one with --video")
    pace = "" if film.realtime else "?fps=0"
    with tempfile.TemporaryDirectory(prefix="edgevl-belt-") as folder:
        line = LineFile(
            line=LineSection("belt", film.bundle.absolute(), Path(folder)),
            camera=(CameraSection(_CAMERA, f"file:{film.video.absolute()}{pace}", "part", margin=film.margin),),
            engine=EngineSection(),
            feed=FeedSection(bind="tcp://127.0.0.1:*"),
            dashboard=DashboardSection(enabled=False),
        )
        run_line(line, None, Console(stderr=True))
        stored = History(Path(folder)).recent(_MOST_VERDICTS)
    return [one.verdict for one in reversed(stored)]


def matched(verdict: Verdict, tiles: Sequence[Tile]) -> Match:
    """The tile that the verdict is about."""
    overlaps = [(_iou(verdict.region, tile.places[verdict.frame_seq]), tile) for tile in tiles if _shows(tile, verdict)]
    iou, tile = max(overlaps, key=lambda overlap: overlap[0], default=(0.0, None))
    return Match(verdict, tile if iou >= _LEAST_IOU else None, iou)


def _shows(tile: Tile, verdict: Verdict) -> bool:
    return verdict.frame_seq in tile.places


def _iou(a: Region, b: Region) -> float:
    """Intersection over union."""
    w = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    h = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    inside = max(0, w) * max(0, h)
    return inside / (a.w * a.h + b.w * b.h - inside)


@dataclass(frozen=True, slots=True)
class Score:
    """tiles = missed + those with one verdict + duplicated.

    elsewhere: verdicts on places where no tile is. right: tiles with one verdict, of their class. unsure: those of
    them whose verdict is UNDECIDED all the same.
    """

    tiles: int
    verdicts: int
    missed: int
    duplicated: int
    elsewhere: int
    right: int
    unsure: int


def score(tiles: Sequence[Tile], matches: Sequence[Match]) -> Score:
    """Count what became of the tiles."""
    of = {tile.number: [m for m in matches if m.tile is tile] for tile in tiles}
    right = [found[0] for tile in tiles if len(found := of[tile.number]) == 1 and _is_right(found[0], tile)]
    return Score(
        tiles=len(tiles),
        verdicts=len(matches),
        missed=sum(not found for found in of.values()),
        duplicated=sum(len(found) > 1 for found in of.values()),
        elsewhere=sum(m.tile is None for m in matches),
        right=len(right),
        unsure=sum(m.verdict.status == "UNDECIDED" for m in right),
    )


def _is_right(match: Match, tile: Tile) -> bool:
    return match.verdict.class_name == tile.class_name


def result_table(tiles: Sequence[Tile], matches: Sequence[Match]) -> Table:
    """A row for each tile, with its first verdict."""
    table = Table()
    for heading in ("tile", "true class", "given class", "status", "prob.", "IoU", "verdicts"):
        table.add_column(heading, overflow="fold")
    for tile in tiles:
        found = [m for m in matches if m.tile is tile]
        table.add_row(tile.name, tile.class_name, *_cells(found), str(len(found)))
    return table


def _cells(found: Sequence[Match]) -> tuple[str, ...]:
    if not found:
        return ("missed", "", "", "")
    verdict = found[0].verdict
    return (verdict.class_name or "none", verdict.status, f"{verdict.probability:.3f}", f"{found[0].iou:.2f}")


def measure(film: Film, console: Console) -> Score:
    """Run, match, print the table and the totals. Raises EdgevlError."""
    tiles = read_truth(film.truth)
    matches = [matched(verdict, tiles) for verdict in verdicts_of(film)]
    console.print(result_table(tiles, matches))
    total = score(tiles, matches)
    console.print(
        f"tiles {total.tiles}, verdicts {total.verdicts}, missed {total.missed}, duplicated {total.duplicated}, "
        f"elsewhere {total.elsewhere}, right class {total.right} of {total.tiles} ({total.unsure} of them UNDECIDED)",
        highlight=False,
        soft_wrap=True,
    )
    return total


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.belt", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--bundle", type=Path, default=Path("bundles/neu"))
    parser.add_argument("--video", type=Path, default=Path("../shared/data/neu/line.avi"))
    parser.add_argument("--truth", type=Path, default=Path("../shared/data/neu/line.csv"))
    parser.add_argument("--margin", type=float, default=0.0, help="as `margin` of a camera in the line file")
    parser.add_argument("--realtime", action="store_true", help="at the video's own pace, dropping what is late")
    given = parser.parse_args(arguments)
    try:
        measure(Film(given.bundle, given.video, given.truth, given.margin, given.realtime), Console())
    except EdgevlError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
