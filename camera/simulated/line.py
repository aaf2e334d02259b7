"""Which part is where on the simulated belt, and the frame that shows it: all a function of the frame's number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from camera.simulated.belt import belt_for
from camera.simulated.defects import DEFECT_CLASSES, PartClass
from camera.simulated.sprite import PixelBox, Sprite, draw_part, lay, lay_mask

NOMINAL_FPS = 25.0  # how far the belt moves per frame where frames come as fast as they are read


@dataclass(frozen=True, slots=True)
class Line:
    """A belt that carries parts from left to right.

    fps: frames a second; 0 for as fast as they are read. speed: of the belt, pixels a second. defect_rate: share
    of defective parts, 0..1. The part's diameter and the distance between parts follow from the height.
    """

    fps: float = 25.0
    seed: int = 0
    width: int = 640
    height: int = 480
    defect_rate: float = 0.3
    speed: float = 330.0

    @property
    def diameter_px(self) -> int:
        return round(0.4 * self.height)

    @property
    def pitch_px(self) -> int:
        """Between the centres of two parts, before chance moves each by up to a twentieth of its diameter."""
        return round(1.75 * self.diameter_px)

    @property
    def step_px(self) -> float:
        """How far the belt moves from one frame to the next."""
        return self.speed / (self.fps or NOMINAL_FPS)


@dataclass(frozen=True, slots=True)
class PartTruth:
    """One part that is at least partly in a frame, in pixels of that frame.

    number: counts the line's parts from 0. box: of the undamaged part; it may reach beyond the frame. whole: the
    box lies inside the frame. defect_boxes: of its defect, one for each separate patch; none for a good part.
    severity: 0 subtle .. 1 obvious.
    """

    number: int
    class_name: PartClass
    severity: float
    box: PixelBox
    defect_boxes: tuple[PixelBox, ...]
    whole: bool


def class_of(number: int, seed: int, defect_rate: float) -> PartClass:
    """The class of a part on the belt."""
    rng = np.random.default_rng((seed, number, 3))
    if rng.random() >= defect_rate:
        return "good"
    return DEFECT_CLASSES[int(rng.integers(len(DEFECT_CLASSES)))]


def draw_frame(line: Line, seq: int) -> NDArray[np.uint8]:
    """Frame `seq` of the line, uint8 HxWx3 BGR; the same arguments give the same pixels."""
    belt = belt_for(line.width, line.height)
    frame_HWC = belt.unlit(_travel(line, seq))
    for sprite, corner in _visible(line, seq):
        lay(sprite, frame_HWC, corner)
    return belt.seen(frame_HWC, 0, 0, np.random.default_rng((line.seed, seq, 4)))


def truth_at(line: Line, seq: int) -> tuple[PartTruth, ...]:
    """The parts in frame `seq`, the foremost (rightmost) first."""
    return tuple(_truth(line, sprite, corner) for sprite, corner in _visible(line, seq))


def defect_mask_at(line: Line, seq: int) -> NDArray[np.bool_]:
    """HxW bool, True where a defect shows in frame `seq`."""
    mask_HW = np.zeros((line.height, line.width), np.bool_)
    for sprite, corner in _visible(line, seq):
        lay_mask(sprite, mask_HW, corner)
    return mask_HW


def prepare(line: Line, seq: int) -> None:
    """Draw the belt and the parts of frame `seq` ahead of time; `draw_frame` then finds them ready."""
    belt_for(line.width, line.height)
    for _ in _visible(line, seq):
        pass


def _visible(line: Line, seq: int) -> Iterator[tuple[Sprite, tuple[int, int]]]:
    """The parts in a frame, each with the corner of its canvas."""
    for number in _numbers_in_view(line, seq):
        x, y = _centre(line, number, seq)
        sprite = _sprite(number, line.seed, line.diameter_px, class_of(number, line.seed, line.defect_rate))
        half = sprite.defect_HW.shape[0] // 2
        if x + half > 0 and x - half < line.width:
            yield sprite, (x - half, y - half)


def _numbers_in_view(line: Line, seq: int) -> range:
    """The numbers that can be in view; at either end there may be one that is just outside."""
    travel = _travel(line, seq)
    first = math.floor((travel - line.width - line.diameter_px) / line.pitch_px) - 1
    last = math.ceil(travel / line.pitch_px) + 1
    return range(max(0, first), last + 1)


def _centre(line: Line, number: int, seq: int) -> tuple[int, int]:
    """Where the part's centre is; part 0 is about to enter in frame 0."""
    jitter_x, jitter_y = np.random.default_rng((line.seed, number, 5)).uniform(-0.05, 0.05, 2)
    x = _travel(line, seq) - number * line.pitch_px + round((jitter_x - 0.6) * line.diameter_px)
    return x, round(line.height / 2 + jitter_y * line.height)


def _travel(line: Line, seq: int) -> int:
    return round(seq * line.step_px)


def _truth(line: Line, sprite: Sprite, corner: tuple[int, int]) -> PartTruth:
    box = sprite.box.moved(*corner)
    inside = box.x >= 0 and box.y >= 0 and box.x + box.w <= line.width and box.y + box.h <= line.height
    boxes = tuple(each.moved(*corner) for each in sprite.defect_boxes)
    return PartTruth(sprite.number, sprite.class_name, sprite.severity, box, boxes, inside)


# Every frame shows the same one or two parts as the one before.
_sprite = lru_cache(maxsize=8)(draw_part)
