"""Copies are found however they were changed; parts that only look alike are not taken for copies."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from compress.check.copies import THRESHOLD, find_copies
from compress.check.fingerprint import SIDE, TURNS, UNDOES, details, thumbnail, turned
from tests.compress.scenes import scene

COUNT = 40
Picture = NDArray[np.uint8]


def _jpeg(image: Picture) -> Picture:
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "as it is": lambda image: image.copy(),
    "re-encoded": _jpeg,
    "half the size": lambda image: np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)),
    "darker": lambda image: (image * 0.8).astype(np.uint8),
    "brighter": lambda image: np.clip(image * 1.2, 0, 255).astype(np.uint8),
    "cropped": lambda image: image[1:-1, 2:-2],
    "mirrored and turned": lambda image: _jpeg(np.ascontiguousarray(np.rot90(image[:, ::-1]))),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_found_and_nothing_else(change: str) -> None:
    """Among forty parts under one camera, of which one is there twice."""
    pictures = [scene(seed) for seed in range(COUNT)]
    changed = CHANGES[change](pictures[7])
    (copy,) = find_copies(np.stack([thumbnail(p) for p in [*pictures, changed]]))
    assert {copy.first, copy.second} == {7, COUNT}
    assert copy.similarity >= THRESHOLD


@pytest.mark.parametrize("turn", range(len(TURNS)))
def test_the_turn_that_is_named_lays_the_first_on_the_second(turn: int) -> None:
    """All eight, so that the page can show the two alike."""
    thumbs = np.stack([thumbnail(scene(seed)) for seed in range(COUNT)])
    made = turned(thumbs[3:4], turn)
    (copy,) = find_copies(np.concatenate([thumbs, made]))
    both = np.concatenate([thumbs, made])
    np.testing.assert_array_equal(turned(both[copy.first][None], copy.turn)[0], both[copy.second])


@given(st.integers(0, 7), arrays.arrays(np.uint8, (1, 8, 8)))
def test_every_turn_is_undone_by_another(turn: int, pixels: Picture) -> None:
    """Whatever the picture."""
    np.testing.assert_array_equal(turned(turned(pixels, turn), UNDOES[turn]), pixels)


def test_details_turn_with_their_picture() -> None:
    """So they are computed once for all eight turns."""
    thumbs = np.stack([thumbnail(scene(seed)) for seed in range(3)])
    for turn in range(len(TURNS)):
        np.testing.assert_allclose(details(turned(thumbs, turn)), turned(details(thumbs), turn), atol=1e-3)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 6), st.integers(0, 255), st.integers(0, 3))
def test_few_and_blank_pictures_end_nothing(count: int, grey: int, blank: int) -> None:
    """A folder may hold one picture, or black ones that show nothing to compare."""
    thumbs = [thumbnail(scene(seed)) for seed in range(count)] + [np.full((SIDE, SIDE), grey, np.uint8)] * blank
    copies = find_copies(np.stack(thumbs) if thumbs else np.zeros((0, SIDE, SIDE), np.uint8))
    assert all(0 <= c.first < len(thumbs) and c.first != c.second for c in copies)


def test_a_crowd_of_copies_is_tied_together() -> None:
    """Thirty copies of one picture, more than are compared with each other, and half of the whole set."""
    one = scene(0)
    thumbs = [thumbnail(scene(seed)) for seed in range(30)] + [thumbnail(_jpeg(one)) for _ in range(30)]
    tied = {place for copy in find_copies(np.stack(thumbs)) for place in (copy.first, copy.second)}
    assert tied == {0, *range(30, 60)}
