"""Which turns are allowed: all of a texture, only those that occur of a part that lies one way."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from compress.teachers.orientation import allowed_turns
from compress.teachers.views import ALL_TURNS, MIRRORED, TURNS, UPSIDE_DOWN, View, turned


def _embed(views: list[View]) -> NDArray[np.float32]:
    """A picture's own small grey copy: an embedding that sees where things are."""
    small = [cv2.resize(cv2.cvtColor(v.image_HWC, cv2.COLOR_BGR2GRAY), (8, 8)).ravel() for v in views]
    return np.stack(small).astype(np.float32)


def _arrow(seed: int) -> View:
    """A bright bar across the top and one down the left, a little off each time."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 40, (64, 64, 3), dtype=np.uint8)
    image[: int(rng.integers(10, 16))] = 220
    image[:, : int(rng.integers(5, 8))] = 160
    return View(image, None)


def _texture(seed: int) -> View:
    return View(np.random.default_rng(seed).integers(0, 255, (64, 64, 3), dtype=np.uint8), None)


@pytest.fixture
def groups() -> list[str]:
    return [str(i) for i in range(40)]


def test_a_texture_may_be_turned_every_way(groups: list[str]) -> None:
    """Nobody can tell a turned texture from another."""
    assert allowed_turns([_texture(i) for i in range(40)], groups, _embed) == ALL_TURNS


def test_a_part_that_always_lies_the_same_way_stays_so(groups: list[str]) -> None:
    """Only the picture as it is remains."""
    assert allowed_turns([_arrow(i) for i in range(40)], groups, _embed) == (0,)


def test_turns_that_occur_are_allowed(groups: list[str]) -> None:
    """Parts that come mirrored are learned mirrored, and still not upside down."""
    parts = [turned(_arrow(i), MIRRORED) if i % 2 else _arrow(i) for i in range(40)]
    allowed = allowed_turns(parts, groups, _embed)
    assert MIRRORED in allowed
    assert UPSIDE_DOWN not in allowed


def test_too_few_pictures_to_tell() -> None:
    """Five pictures, or many of one part: nothing is refused for want of evidence."""
    assert allowed_turns([_arrow(i) for i in range(5)], list("abcde"), _embed) == ALL_TURNS
    assert allowed_turns([_arrow(i) for i in range(40)], ["one"] * 40, _embed) == ALL_TURNS


def test_the_named_turns_are_what_they_are_called() -> None:
    """`distil` mirrors features with the pictures and must mean the same."""
    view = _texture(0)
    assert np.array_equal(turned(view, MIRRORED).image_HWC, view.image_HWC[:, ::-1])
    assert np.array_equal(turned(view, UPSIDE_DOWN).image_HWC, view.image_HWC[::-1])
    assert len({turned(view, t).image_HWC.tobytes() for t in ALL_TURNS}) == len(TURNS)
