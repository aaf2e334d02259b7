"""Boxes held against labelled ones, and what of a map gets a box."""

from __future__ import annotations

import numpy as np
import pytest

from compress.judge.boxes import UNFITTED, Marked, agreement, fit_marking
from edge.geometry import Box, Region
from edge.inspection.boxes import Marking

PICTURE = Region(0, 0, 160, 160)


def marked(peak: float, rim: float, *labelled: tuple[int, int, int, int]) -> Marked:
    """A map of 16 x 16 cells: each labelled place (in pixels) has the peak, and a rim of two cells around it."""
    map_HW = np.zeros((16, 16), np.float32)
    for value, grown in ((rim, 2), (peak, 0)):
        for x, y, w, h in labelled:
            rows = slice(max(0, y // 10 - grown), (y + h) // 10 + grown)
            map_HW[rows, max(0, x // 10 - grown) : (x + w) // 10 + grown] = value
    return Marked(map_HW, PICTURE, tuple(Box(*place, 1.0) for place in labelled))


def test_perfect_boxes_agree_and_none_are_told() -> None:
    """Quality is 1 where every box is as labelled; a picture without a box counts as unplaced."""
    clear, dark = marked(1.0, 0.0, (40, 40, 40, 40)), marked(0.02, 0.0, (40, 40, 40, 40))
    found = agreement([clear, dark], Marking(0.5, 0.5))
    assert found is not None
    assert (found.pictures, found.unplaced, found.same_number) == (2, 0.5, 0.5)
    assert found.quality == pytest.approx(2 / 3, abs=0.1)  # one match, one label without: 1 / (1 + 1/2)
    assert agreement([], Marking(0.5)) is None


def test_boxes_that_nobody_labelled_cost_quality() -> None:
    """Half a match each, as labels without a box do."""
    one = marked(1.0, 0.0, (20, 20, 30, 30), (110, 110, 30, 30))
    half = Marked(one.map_HW, PICTURE, one.labelled[:1])
    before, after = agreement([one], Marking(0.5)), agreement([half], Marking(0.5))
    assert before is not None
    assert after is not None
    assert after.quality == pytest.approx(before.quality * 2 / 3, abs=0.02)
    assert after.same_number == 0


def test_the_marking_finds_faint_places_and_draws_strong_ones_without_their_rim() -> None:
    """No one level does both: the rim of the strong ones is higher than the faint ones' peak."""
    strong = [marked(1.0, 0.3, (40 + 10 * n, 50, 30, 40)) for n in range(6)]
    faint = [marked(0.25, 0.0, (40 + 10 * n, 50, 30, 40)) for n in range(6)]
    fitted = fit_marking([*strong, *faint])
    found = agreement([*strong, *faint], fitted)
    assert found is not None
    assert found.quality > 0.8
    assert found.unplaced == 0


def test_where_no_place_is_labelled_the_marking_is_the_default() -> None:
    """Nothing to fit to."""
    assert fit_marking([]) == UNFITTED
