"""The part trigger: each part that passes is seen once, whole, at its best moment."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from camera.pattern import PatternSource, pattern_options
from edge.geometry import Region
from edge.parts.finder import PartFinder, Sighting

NEU = Path(__file__).parents[3] / "shared/data/neu"
WIDTH, HEIGHT = 320, 240

Picture = NDArray[np.uint8]


def belt_with(corners: Iterable[tuple[int, int, int]], shift: int = 0) -> Picture:
    """A noisy grey belt with textured 60 x 60 px parts: (left, top, look). Parts are cut by the frame's edges."""
    noise = np.random.default_rng(shift).normal(0, 2, (HEIGHT, WIDTH, 1))
    wide = np.full((HEIGHT + 200, WIDTH + 200, 3), 70.0)
    for left, top, look in corners:
        if -60 < left < WIDTH and -60 < top < HEIGHT:
            texture = np.random.default_rng(1000 + look).normal(110 + 20 * (look % 5), 25, (60, 60, 1))
            wide[100 + top : 160 + top, 100 + left : 160 + left] = texture
    return np.clip(wide[100:-100, 100:-100] + noise, 0, 255).astype(np.uint8)


def moving(positions: Sequence[int], axis: int = 0, parts: int = 5) -> list[Picture]:
    """Parts 110 px apart on a belt that stands at each of `positions` in turn."""
    frames = []
    for i, at in enumerate(positions):
        along = [at - 110 * k for k in range(parts)]
        corners = [(a, 80, k) if axis == 0 else (120, a, k) for k, a in enumerate(along)]
        frames.append(belt_with(corners, shift=i))
    return frames


def sightings(frames: Iterable[Picture], first: int = 0) -> list[Sighting]:
    finder = PartFinder()
    found = [s for seq, frame in enumerate(frames, start=first) for s in finder.feed(frame, seq)]
    return found + finder.flush()


def overlap(a: Region, b: Region) -> float:
    """Intersection over union."""
    w = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    h = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    inside = max(0, w) * max(0, h)
    return inside / (a.w * a.h + b.w * b.h - inside)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("backwards", [False, True])
def test_parts_are_found_whichever_way_the_belt_runs(axis: int, backwards: bool) -> None:
    """Each once, whole, in the middle of the frame along its way."""
    positions = range(-70, 320 + 4 * 110 + 70, 8)
    frames = moving(positions[::-1] if backwards else positions, axis)
    found = sightings(frames)
    assert len(found) == 5
    for sighting in found:
        box = sighting.region
        assert (box.w, box.h) == pytest.approx((60, 60), abs=6)
        middle = box.x + box.w / 2 - WIDTH / 2 if axis == 0 else box.y + box.h / 2 - HEIGHT / 2
        assert abs(middle) <= 0.06 * WIDTH
        assert sighting.image_HWC is frames[sighting.seq]


def test_a_belt_that_stops_and_starts_again_changes_nothing() -> None:
    """A part that rests in view is neither forgotten nor counted twice."""
    positions = [*range(-70, 200, 8), *[200] * 60, *range(200, 800, 8)]
    assert len(sightings(moving(positions))) == 5


def test_a_part_that_rests_in_the_middle_gets_its_verdict_there() -> None:
    """A line that stops with the part in view waits for the verdict, so it may not wait for the belt."""
    finder = PartFinder()
    frames = moving([*range(-70, 131, 8), *[130] * 40], parts=1)
    assert sum(len(finder.feed(frame, seq)) for seq, frame in enumerate(frames)) == 1


def test_a_video_that_jumps_back_starts_the_parts_anew() -> None:
    """A looped video, with frame numbers that go on: each round gives its parts again, and nothing else."""
    once = moving(range(-70, 330, 8), parts=2)
    assert len(sightings(once * 3)) == 6


def test_numbers_that_go_back_mean_a_reopened_camera() -> None:
    """What was in view is handed out before the new stream begins."""
    finder = PartFinder()
    frames = moving(range(-70, 100, 8), parts=1)
    for seq, frame in enumerate(frames):
        assert finder.feed(frame, seq) == []
    (left_over,) = finder.feed(frames[0], 0)
    assert left_over.seq > 0


def test_an_empty_or_plain_picture_has_no_parts() -> None:
    """Neither a still belt nor darkness, nor light that comes and goes slowly."""
    still = [belt_with([], shift=i) for i in range(30)]
    breathing = [(f * (1 + 0.2 * np.sin(i / 8))).clip(0, 255).astype(np.uint8) for i, f in enumerate(still)]
    assert sightings(still) == []
    assert sightings(breathing) == []
    assert sightings([np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * 5) == []


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (7, 5), (1000, 40)])
def test_no_size_of_picture_is_too_odd(shape: tuple[int, int]) -> None:
    """Nothing sensible can be found in slivers, but the camera thread must live on; the size may change in between."""
    noise = np.random.default_rng(0).integers(0, 256, (40, *shape, 3), dtype=np.uint8)
    sightings([*noise, *moving([0, 8])])


@pytest.mark.parametrize("light", [0.35, 2.4])
def test_light_that_changes_at_once_is_learned_again(light: float) -> None:
    """A lamp that fails or comes on: after a while the parts are found as before."""
    frames = moving(range(-70, -70 + 24 * 110, 8), parts=24)
    switched = [f if i < 80 else np.clip(f * light, 0, 255).astype(np.uint8) for i, f in enumerate(frames)]
    late = [s for s in sightings(switched) if s.seq > 180]
    assert len(late) == len([s for s in sightings(frames) if s.seq > 180])
    assert all((s.region.w, s.region.h) == pytest.approx((60, 60), abs=8) for s in late)


def test_a_stream_may_begin_amid_parts() -> None:
    """A background that shows parts is repaired from the belt around them: later parts are found exactly."""
    found = sightings(moving(range(200, 200 + 12 * 110, 8), parts=12))
    last = [s for s in found if s.seq > 60]
    assert len(last) >= 6
    assert all((s.region.w, s.region.h) == pytest.approx((60, 60), abs=6) for s in last)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("backwards", [False, True])
def test_each_part_is_seen_once_wherever_the_stream_begins(axis: int, backwards: bool) -> None:
    """With no part in view, or one or two, before the middle or past it; one that was half out is said to be cut."""
    along = HEIGHT if axis else WIDTH
    for start in range(-70, 300, 37):
        positions = range(start, 3 * 110 + along + 70, 8)
        frames = moving(positions, axis, parts=4)
        found = sightings(frames[::-1] if backwards else frames)
        whole = [k for k in range(4) if sum(0 < at - 110 * k < along - 60 for at in positions) >= 3]
        assert len([s for s in found if not s.cut]) == len(whole), (start, [(s.seq, s.region) for s in found])
        # Backwards the stream ends amid parts instead: what has not left is not judged.
        assert len([s for s in found if s.cut]) <= (not backwards)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_part_that_is_never_wholly_in_view_is_told_once(axis: int) -> None:
    """It lies half beside the picture; the whole one behind it is seen as ever."""
    frames = []
    for i, at in enumerate(range(-70, 520, 8)):
        aside = [(at, -30, 1), (at - 110, 90, 2)]
        frames.append(belt_with(aside if axis == 0 else [(y, x, look) for x, y, look in aside], shift=i))
    found = sightings(frames)
    assert [s.cut for s in found] == [True, False]
    box = found[0].region
    assert (box.w, box.h) == pytest.approx((60, 30) if axis == 0 else (30, 60), abs=6)
    assert abs((box.x + 30 - WIDTH / 2) if axis == 0 else (box.y + 30 - HEIGHT / 2)) <= 0.06 * WIDTH


def test_a_part_that_was_half_out_at_the_start_is_told_once() -> None:
    """Nobody has seen it whole, so nobody may call it good."""
    frames = [belt_with([(at, 80, 1)], shift=i) for i, at in enumerate([*range(276, 330, 6), *[400] * 60])]
    empty = [belt_with([(-70 + 6 * i, 80, 2)], shift=100 + i) for i in range(80)]
    assert [s.cut for s in sightings([*frames, *empty])] == [True, False]


@pytest.mark.parametrize("start", range(14, 39, 6))
def test_each_part_of_the_simulated_line_is_seen_once_wherever_the_stream_begins(start: int) -> None:
    """One part in view or two, the first of them entering, in the middle, or past it."""
    source = PatternSource("simulated", pattern_options("?fps=0&seed=4&size=320x240&defect_rate=0.5"))
    source.open()
    frames = [source.read(1.0) for _ in range(start + 110)][start:]
    found = sightings((frame.image_HWC for frame in frames), first=start)
    views = Counter(part.number for frame in frames for part in source.truth(frame.seq) if part.whole)
    numbers = Counter(_true_part(source, sighting) for sighting in found)
    assert set(numbers.values()) == {1}
    assert {number for number, seen in views.items() if seen >= 3} <= set(numbers) <= set(views)


def test_each_part_of_the_simulated_line_is_seen_once() -> None:
    """Round metal parts on a brushed, slatted belt; good ones and defective ones."""
    source = PatternSource("simulated", pattern_options("?fps=0&seed=4&size=320x240&defect_rate=0.5"))
    source.open()
    finder, found, whole = PartFinder(), [], set()
    for _ in range(300):
        frame = source.read(1.0)
        found += finder.feed(frame.image_HWC, frame.seq)
        whole |= {part.number for part in source.truth(frame.seq) if part.whole}
    found += finder.flush()
    numbers = [_true_part(source, sighting) for sighting in found]
    assert sorted(numbers) == sorted(whole)


def _true_part(source: PatternSource, sighting: Sighting) -> int | None:
    for part in source.truth(sighting.seq):
        box = Region(round(part.box.x), round(part.box.y), round(part.box.w), round(part.box.h))
        if overlap(box, sighting.region) > 0.6:
            return part.number
    return None


@pytest.mark.data
@pytest.mark.skipif(not NEU.is_dir(), reason="the real images in ../shared are not here")
@pytest.mark.parametrize("seconds_stopped", [0, 2])
def test_each_tile_of_the_steel_belt_is_seen_once_and_exactly(seconds_stopped: int) -> None:
    """18 tiles from nearly black to white; region over 0.88 of the true tile (intersection over union)."""
    tiles: dict[int, dict[str, Region]] = {}
    with (NEU / "line.csv").open() as file:
        for row in csv.DictReader(file):
            box = Region(int(row["x"]), int(row["y"]), int(row["w"]), int(row["h"]))
            tiles.setdefault(int(row["frame"]), {})[row["tile_no"]] = box
    frames = _read_all(NEU / "line.avi")
    order = [*range(120), *[120] * (30 * seconds_stopped), *range(120, len(frames))]
    seen = []
    for sighting in sightings(frames[i] for i in order):
        matches = {tile: overlap(box, sighting.region) for tile, box in tiles[order[sighting.seq]].items()}
        best = max(matches, key=lambda tile: matches[tile])
        assert matches[best] >= 0.88
        seen.append(int(best))
    assert seen == list(range(18))


def _read_all(video: Path) -> list[Picture]:
    capture = cv2.VideoCapture(str(video))
    frames = []
    while True:
        ok, frame = capture.read()
        if not ok:
            return frames
        frames.append(np.asarray(frame, dtype=np.uint8))
