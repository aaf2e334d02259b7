"""Large pictures in tiles: nothing is left out, and what lies across a seam is one defect."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bundle.load import load_bundle
from edge.engines.ort import OrtEngine
from edge.geometry import Region
from edge.inspection.boxes import Marking
from edge.inspection.inspector import Inspector, View
from edge.inspection.tiles import SMALLEST_SIDE, Tiling, boxes_on, tile_regions
from tests.bundles import CELL, SIDE, flat

sides = st.integers(SMALLEST_SIDE, 700)
lengths = st.integers(1, 3000)


@pytest.fixture
def inspector(small_bundle: Path) -> Iterator[Inspector]:
    bundle = load_bundle(small_bundle)
    engine = OrtEngine(bundle, "float32", threads=1)
    yield Inspector(bundle, engine, lambda: 4)
    engine.close()


@given(st.builds(Region, st.integers(0, 99), st.integers(0, 99), lengths, lengths), sides, sides, st.floats(0, 0.9))
def test_tiles_cover_the_region_and_share_their_edges(region: Region, width: int, height: int, overlap: float) -> None:
    """Every pixel is in a tile, every tile in the region, neighbours share what was asked for, none is needless."""
    tiles = tile_regions(region, Tiling(width, height, overlap))
    for start, length, side, places in (
        (region.x, region.w, width, sorted({(t.x, t.w) for t in tiles})),
        (region.y, region.h, height, sorted({(t.y, t.h) for t in tiles})),
    ):
        assert {extent for _, extent in places} == {min(side, length)}
        assert (places[0][0], sum(places[-1])) == (start, start + length)
        shared = [side - (b - a) for (a, _), (b, _) in pairwise(places)]
        assert all(one >= side * overlap - 1 for one in shared)
        assert len(places) == 1 or length > side
    assert len(tiles) == len({(t.x, t.y) for t in tiles})


def test_a_defect_across_a_seam_is_one_box(inspector: Inspector) -> None:
    """Both tiles see their share of it; the verdict has one box around all of it, in pixels of the frame."""
    image_HWC = flat(0, 10 * SIDE)
    image_HWC[112:208, 40:280] = 255
    tiling = Tiling(160, 160, 0.2)
    whole, tiled = inspector.inspect_all([View(image_HWC), View(image_HWC, tiling=tiling)])
    (box,) = tiled.boxes
    assert (tiled.decided.status, tiled.region) == ("NG", whole.region)
    assert (box.x, box.y, box.w, box.h) == pytest.approx((40, 112, 240, 96), abs=12)
    assert tiled.map_HW is not None
    assert tiled.map_HW.shape == (320 // (160 // (SIDE // CELL)),) * 2


def test_one_bad_tile_makes_the_part_bad_and_small_defects_are_seen(inspector: Inspector) -> None:
    """A speck that the whole picture averages away fills its tile's cell; the worst tile speaks for all."""
    image_HWC = flat(0, 30 * SIDE)
    image_HWC[400:432, 900:940] = 255
    whole, tiled = inspector.inspect_all([View(image_HWC), View(image_HWC, tiling=Tiling(48, 48, 0.25))])
    assert (whole.decided.status, tiled.decided.status) == ("OK", "NG")
    assert [(b.x, b.y, b.w, b.h) for b in tiled.boxes] == [pytest.approx((900, 400, 40, 32), abs=10)]


def test_a_tile_that_cannot_be_judged_leaves_a_good_part_undecided(inspector: Inspector) -> None:
    """An engine that fails on some tile: UNDECIDED, unless another tile shows a defect."""
    inspector.engine.close()
    inspection = inspector.inspect_all([View(flat(0, 200), tiling=Tiling(64, 64))])[0]
    assert (inspection.decided.status, inspection.decided.reason) == ("UNDECIDED", "engine_failed")
    assert inspection.map_HW is None


def test_views_of_many_sizes_are_judged_in_one_batch(inspector: Inspector) -> None:
    """Batches cut across views and tiles; each view gets what it gets alone."""
    views = [View(flat(level, 40 + level)) for level in (0, 128, 255, 0, 255)]
    views.insert(2, View(flat(255, 200), Region(10, 10, 150, 60), tiling=Tiling(64, 64)))
    together = inspector.inspect_all(views)
    alone = [inspector.inspect_all([view])[0] for view in views]
    assert [i.decided.class_name for i in together] == ["black", "grey", "white", "white", "black", "white"]
    for one, same in zip(together, alone, strict=True):
        assert (one.decided.status, one.region, one.boxes) == (same.decided.status, same.region, same.boxes)


def test_a_map_put_together_has_each_tile_in_its_place(inspector: Inspector) -> None:
    """The bright quarter of the frame is the bright quarter of the map."""
    image_HWC = flat(0, 8 * SIDE)
    image_HWC[:128, 128:] = 255
    tiled = inspector.inspect_all([View(image_HWC, tiling=Tiling(64, 64, 0.5))])[0]
    map_HW = tiled.map_HW
    assert map_HW is not None
    middle = map_HW.shape[0] // 2
    assert map_HW[: middle - 1, middle + 1 :].min() > 0.9
    assert max(map_HW[middle + 1 :].max(), map_HW[:, : middle - 1].max()) < 0.1


def test_places_on_a_map_put_together_stay_apart() -> None:
    """Two defects are two boxes, the stronger first, each where it is, without the cells of its neighbour."""
    map_HW = np.zeros((40, 60), np.float32)
    map_HW[4:6, 10:14], map_HW[8:12, 14:20], map_HW[30:32, 50:52] = 0.7, 0.9, 0.8
    boxes = boxes_on(map_HW, Marking(0.5), Region(100, 200, 600, 400))
    assert [round(b.score, 1) for b in boxes] == [0.9, 0.8, 0.7]
    places = [(240, 280, 60, 40), (600, 500, 20, 20), (200, 240, 40, 20)]
    assert [(b.x, b.y, b.w, b.h) for b in boxes] == [pytest.approx(place, abs=9) for place in places]
