"""Labels become pixels, and pixels become the target of a defect map."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compress.data.dataset import BoxLabel, PolygonLabel, Sample
from compress.data.masks import cell_shares, defect_mask
from compress.errors import DataError
from tests.compress import layouts

_DEFECT = Sample("a", Path("a.png"), "dent", "defect", "train", "a", (), (), None, True)


def test_a_box_covers_the_pixels_it_touches() -> None:
    """Half-open: a box from 2 to 5 is three pixels wide."""
    sample = replace(_DEFECT, boxes=(BoxLabel(2, 1, 5, 3, "dent"), BoxLabel(7.2, 4.5, 7.9, 4.6, "dent")))
    mask = defect_mask(sample, 6, 10)
    assert mask is not None
    assert sorted(zip(*np.nonzero(mask), strict=True)) == [(1, 2), (1, 3), (1, 4), (2, 2), (2, 3), (2, 4), (4, 7)]


def test_polygons_and_boxes_are_drawn_together() -> None:
    """A polygon around pixel centres covers those pixels; a tiny one covers at least one."""
    square = PolygonLabel(((2.5, 2.5), (6.5, 2.5), (6.5, 4.5), (2.5, 4.5)), "dent")
    speck = PolygonLabel(((0.4, 0.4), (0.6, 0.4), (0.5, 0.6)), "dent")
    mask = defect_mask(replace(_DEFECT, polygons=(square, speck), boxes=(BoxLabel(8, 0, 9, 1, "dent"),)), 6, 10)
    assert mask is not None
    assert mask[2:5, 2:7].all()
    assert mask.sum() == 15 + 1 + 1


def test_a_mask_file_goes_before_all_else_and_must_fit(tmp_path: Path) -> None:
    """Any value but 0 is defect."""
    drawn = np.zeros((4, 5), np.uint8)
    drawn[1, 2:4] = (1, 255)
    path = layouts.write_pixels(tmp_path / "m.png", drawn)
    sample = replace(_DEFECT, mask_path=path, boxes=(BoxLabel(0, 0, 5, 4, "dent"),))
    mask = defect_mask(sample, 4, 5)
    assert mask is not None
    assert np.array_equal(mask, drawn > 0)
    with pytest.raises(DataError, match="not of the size 6x4 of its image"):
        defect_mask(sample, 4, 6)


def map_target(sample: Sample, size: tuple[int, int], map_h: int, map_w: int) -> np.ndarray | None:
    mask_HW = defect_mask(sample, *size)
    return None if mask_HW is None else cell_shares(mask_HW, map_h, map_w)


def test_good_is_empty_and_unknown_is_none() -> None:
    """An unmarked defect must not teach that nothing is there."""
    good = replace(_DEFECT, kind="good")
    unknown = replace(_DEFECT, localised=False)
    target = map_target(good, (6, 10), 3, 5)
    assert target is not None
    assert not target.any()
    assert defect_mask(unknown, 6, 10) is None
    assert map_target(unknown, (6, 10), 3, 5) is None


def test_a_map_target_is_the_share_of_each_cell() -> None:
    """A defect of one pixel in a cell of 4 x 5 is a twentieth, and the shares add up to the area."""
    sample = replace(_DEFECT, boxes=(BoxLabel(0, 0, 1, 1, "dent"), BoxLabel(10, 8, 15, 12, "dent")))
    target = map_target(sample, (12, 20), 3, 4)
    assert target is not None
    assert target.dtype == np.float32
    assert target[0, 0] == pytest.approx(1 / 20)
    assert target[2, 2] == 1.0
    odd = map_target(sample, (12, 20), 5, 7)
    assert odd is not None
    assert odd.mean() == pytest.approx(21 / 240, rel=1e-5)
