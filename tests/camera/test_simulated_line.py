"""The simulated line: exactly reproducible, and its truth is true."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from camera.open import open_source
from camera.pattern import PatternSource, pattern_options
from camera.simulated.defects import DEFECT_CLASSES, PART_CLASSES, DefectClass
from camera.simulated.line import Line, defect_mask_at, draw_frame, truth_at
from camera.simulated.picture import render_part
from tests.camera.conftest import FakeClock

FRAMES = range(0, 160, 8)


def test_the_same_line_gives_the_same_pixels(tmp_path: Path) -> None:
    """Two sources of one URI agree in every byte; another seed shows other parts."""
    frames = []
    for uri in ("pattern:?fps=0&seed=5", "pattern:?seed=5&fps=0", "pattern:?fps=0&seed=6"):
        source = open_source(uri, "belt", tmp_path)
        source.open()
        frames.append([source.read(1) for _ in range(40)][-1])
        source.close()
    assert frames[0].seq == 39
    assert np.array_equal(frames[0].image_HWC, frames[1].image_HWC)
    assert not np.array_equal(frames[0].image_HWC, frames[2].image_HWC)


def test_any_frame_can_be_drawn_alone() -> None:
    """A frame depends on its number, not on the frames drawn before it."""
    line = Line(seed=2, defect_rate=0.5)
    in_order = [draw_frame(line, seq) for seq in range(60, 70)][-1]
    assert np.array_equal(in_order, draw_frame(line, 69))
    assert truth_at(line, 69) == truth_at(line, 69)


@pytest.mark.parametrize("size", [(640, 480), (320, 240), (1280, 720)])
def test_truth_names_every_part_where_it_is(size: tuple[int, int]) -> None:
    """Bright things on the dark belt fill the boxes of the truth, apart from each other."""
    line = Line(seed=1, width=size[0], height=size[1], defect_rate=0, speed=330 * size[1] / 480)
    for seq in FRAMES:
        grey = cv2.cvtColor(draw_frame(line, seq), cv2.COLOR_BGR2GRAY)
        bright = cv2.morphologyEx((grey > 95).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        covered = np.zeros_like(bright)
        for part in truth_at(line, seq):
            x, y = max(0, part.box.x), part.box.y
            inside = bright[y : y + part.box.h, x : max(0, part.box.x + part.box.w)]
            covered[y : y + part.box.h, x : max(0, part.box.x + part.box.w)] = 1
            if part.whole:
                left, top, width, height = cv2.boundingRect(inside)
                assert max(left, top, part.box.w - width, part.box.h - height) <= 0.1 * part.box.w
        assert not np.any(bright[covered == 0])


def test_every_part_passes_once_and_is_whole_in_view() -> None:
    """Numbers rise without gaps, each is whole in several frames, and its class never changes on the way."""
    line = Line(seed=4, defect_rate=0.4)
    whole: dict[int, int] = {}
    classes: dict[int, set[str]] = {}
    for seq in range(500):
        parts = truth_at(line, seq)
        assert [part.number for part in parts] == sorted(part.number for part in parts)
        for part in parts:
            whole[part.number] = whole.get(part.number, 0) + part.whole
            classes.setdefault(part.number, set()).add(part.class_name)
    assert sorted(whole) == list(range(len(whole)))
    assert all(count >= 20 for number, count in whole.items() if number < len(whole) - 3)
    assert all(len(names) == 1 for names in classes.values())


def test_the_defect_rate_holds() -> None:
    """None at 0, all at 1, and every defect class occurs."""
    assert {part.class_name for seq in range(0, 800, 20) for part in truth_at(Line(defect_rate=0), seq)} == {"good"}
    seen = {part.class_name for seq in range(0, 1600, 20) for part in truth_at(Line(defect_rate=1), seq)}
    assert seen == set(DEFECT_CLASSES)


def test_the_mask_marks_the_defect_in_the_frame() -> None:
    """What differs between a line with defects and the same line without lies in the mask and the defect boxes."""
    flawed, clean = Line(seed=9, defect_rate=1), Line(seed=9, defect_rate=0)
    for seq in FRAMES:
        differs = cv2.absdiff(draw_frame(flawed, seq), draw_frame(clean, seq)).max(axis=2) > 8
        mask = defect_mask_at(flawed, seq)
        assert not np.any(differs & ~dilated(mask, 3))
        boxed = np.zeros_like(mask)
        for part in truth_at(flawed, seq):
            for x, y, w, h in part.defect_boxes:
                boxed[max(0, y) : y + h, max(0, x) : max(0, x + w)] = True
        assert not np.any(mask & ~boxed)


@pytest.mark.parametrize("defect", DEFECT_CLASSES)
def test_a_part_with_and_without_differs_only_in_its_mask(defect: DefectClass) -> None:
    """Drawn good and flawed, one part differs inside the mask's dilation, visibly, and nowhere else."""
    for number in range(12):
        good, flawed = render_part(number, 3, 150, "good"), render_part(number, 3, 150, defect)
        differs = cv2.absdiff(good.image_HWC, flawed.image_HWC).max(axis=2)
        assert not np.any((differs > 8) & ~dilated(flawed.defect_mask_HW, 5))
        assert np.count_nonzero(flawed.defect_mask_HW) >= 20
        assert differs[flawed.defect_mask_HW].max() > 25
        assert not np.any(good.defect_mask_HW)
        assert (good.severity, flawed.class_name) == (0.0, defect)


@pytest.mark.parametrize("size_px", [96, 150, 224, 400])
def test_training_pictures_have_the_size_asked_for(size_px: int) -> None:
    """Pictures come in any size, reproducible, with the whole part in view."""
    for number in range(6):
        picture, again = render_part(number, 8, size_px), render_part(number, 8, size_px)
        assert np.array_equal(picture.image_HWC, again.image_HWC)
        assert picture.image_HWC.shape == (size_px, size_px, 3)
        assert picture.defect_mask_HW.shape == (size_px, size_px)
        assert picture.class_name in PART_CLASSES
        assert picture.box.x >= 0
        assert picture.box.y >= 0
        assert picture.box.x + picture.box.w <= size_px
        assert picture.box.y + picture.box.h <= size_px


def test_training_pictures_look_like_the_belt() -> None:
    """A part cut from the moving belt has the brightness and contrast of its training picture."""
    line = Line(seed=12, defect_rate=0)
    part = next(part for part in truth_at(line, 40) if part.whole)
    x, y, w, h = part.box
    cut = draw_frame(line, 40)[y : y + h, x : x + w]
    picture = render_part(part.number, 12, 240, "good")
    x, y, w, h = picture.box
    drawn = cv2.resize(picture.image_HWC[y : y + h, x : x + w], cut.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert abs(float(cut.mean()) - float(drawn.mean())) < 12
    assert np.corrcoef(cut.ravel(), drawn.ravel())[0, 1] > 0.9


def test_the_belt_does_not_wait_for_a_slow_reader(clock: FakeClock) -> None:
    """The simulated camera is live: it paces frames, and a late reader gets the newest, with a gap in `seq`."""
    source = PatternSource("belt", pattern_options("?fps=10&speed=90"), clock)
    source.open()
    started_ns = clock.now_ns
    assert [source.read(1).seq for _ in range(3)] == [0, 1, 2]
    assert (clock.now_ns - started_ns) / 1e9 == pytest.approx(0.2)
    clock.sleep(1.0)
    assert [source.read(1).seq for _ in range(2)] == [12, 13]
    assert source.truth(12) == truth_at(source.line, 12)
    assert np.array_equal(source.defect_mask(12), defect_mask_at(source.line, 12))


def dilated(mask_HW: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], by_px: int) -> np.ndarray:
    kernel = np.ones((2 * by_px + 1, 2 * by_px + 1), np.uint8)
    return cv2.dilate(mask_HW.astype(np.uint8), kernel).astype(bool)
