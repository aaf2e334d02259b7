"""One part, lit and ready to be laid on the belt, with the exact place of its defect."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.simulated.defects import PartClass, with_defect
from camera.simulated.surface import Grid, Look, Map, Surface, good_surface, grid_for

LIGHT_ANGLE = -2.2  # radians: from the upper left
VISIBLE = 6  # grey levels of 255 by which a defect must change a pixel to count as its place
SHADOW_OFFSET = 0.055  # radii


class PixelBox(NamedTuple):
    """Left, top, width and height in pixels."""

    x: int
    y: int
    w: int
    h: int

    def moved(self, dx: int, dy: int) -> PixelBox:
        return PixelBox(self.x + dx, self.y + dy, self.w, self.h)


@dataclass(frozen=True, slots=True)
class Sprite:
    """A drawn part on a square canvas, its centre in the middle; read-only, all in canvas pixels.

    colour_HWC: uint8 BGR, already multiplied by its cover. through_HWC: uint8, how much of the belt shows, 255 = all;
    the shadow lets part of it through. defect_HW: bool. box: the undamaged part, without shadow. severity:
    0 subtle .. 1 obvious.
    """

    number: int
    class_name: PartClass
    severity: float
    colour_HWC: NDArray[np.uint8]
    through_HWC: NDArray[np.uint8]
    defect_HW: NDArray[np.bool_]
    box: PixelBox
    defect_boxes: tuple[PixelBox, ...]


def look_of(number: int, seed: int) -> Look:
    """The chance variation of one part; the same for every class, so that a part can be drawn with and without."""
    rng = np.random.default_rng((seed, number, 0))
    return Look(
        serial=int(rng.integers(10_000)),
        angle=float(rng.uniform(0, 2 * np.pi)),
        light_angle=LIGHT_ANGLE + float(rng.normal(0, 0.12)),
        light=float(rng.uniform(0.93, 1.06)),
        warmth=float(rng.uniform(-1, 1)),
        groove_seed=int(rng.integers(1 << 31)),
    )


def draw_part(number: int, seed: int, diameter_px: int, class_name: PartClass) -> Sprite:
    """Draw one part of `diameter_px`; the same arguments give the same pixels."""
    grid = grid_for(diameter_px)
    look = look_of(number, seed)
    surface, finish = good_surface(grid, look), _lathe_marks(grid, look)
    good = _lit(surface, finish)
    rng = np.random.default_rng((seed, number, 1))
    severity = float(rng.uniform(0, 1))
    if class_name == "good":
        drawn, severity = good, 0.0
    else:
        drawn = _lit(with_defect(surface, class_name, severity, rng), finish)
    colour_HWC = np.asarray(cv2.cvtColor(drawn, cv2.COLOR_BGRA2BGR), np.uint8)
    through_HWC = np.asarray(cv2.cvtColor(255 - drawn[:, :, 3], cv2.COLOR_GRAY2BGR), np.uint8)
    defect_HW = _changed(drawn, good)
    for each in (colour_HWC, through_HWC, defect_HW):
        each.setflags(write=False)
    boxes = boxes_of(defect_HW, gap_px=round(0.05 * grid.radius_px))
    return Sprite(number, class_name, severity, colour_HWC, through_HWC, defect_HW, _outline(grid), boxes)


def lay(sprite: Sprite, onto_HWC: NDArray[np.uint8], corner: tuple[int, int]) -> None:
    """Draw a sprite into a picture, its canvas' corner at (x, y), cut off where it reaches beyond."""
    there, here = _overlap(sprite, onto_HWC.shape[:2], corner)
    below = cv2.multiply(onto_HWC[there], sprite.through_HWC[here], scale=1 / 255)
    onto_HWC[there] = cv2.add(below, sprite.colour_HWC[here])


def lay_mask(sprite: Sprite, onto_HW: NDArray[np.bool_], corner: tuple[int, int]) -> None:
    """Mark a sprite's defect in a mask, placed as `lay` places it."""
    there, here = _overlap(sprite, onto_HW.shape, corner)
    onto_HW[there] |= sprite.defect_HW[here]


def boxes_of(mask_HW: NDArray[np.bool_], gap_px: int) -> tuple[PixelBox, ...]:
    """One box for each patch of a mask, largest first; patches nearer than about `gap_px` count as one."""
    kernel = np.ones((2 * gap_px + 1, 2 * gap_px + 1), np.uint8)
    joined = cv2.dilate(mask_HW.astype(np.uint8), kernel)
    count, labels = cv2.connectedComponents(joined)
    patches = [(labels == label) & mask_HW for label in range(1, count)]
    patches.sort(key=np.count_nonzero, reverse=True)
    return tuple(PixelBox(*cv2.boundingRect(patch.astype(np.uint8))) for patch in patches)


def _outline(grid: Grid) -> PixelBox:
    corner = math.floor(grid.shape[0] / 2 - grid.radius_px)
    size = grid.shape[0] - 2 * corner
    return PixelBox(corner, corner, size, size)


def _overlap(
    sprite: Sprite, shape: tuple[int, ...], corner: tuple[int, int]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where a canvas and a picture overlap: rows and columns of the picture, then of the canvas."""
    x, y = corner
    height, width = sprite.defect_HW.shape
    top, left = max(0, y), max(0, x)
    bottom, right = max(top, min(shape[0], y + height)), max(left, min(shape[1], x + width))
    return (slice(top, bottom), slice(left, right)), (slice(top - y, bottom - y), slice(left - x, right - x))


def _changed(drawn_HW4: NDArray[np.uint8], good_HW4: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where a defect is: the pixels it visibly changes, small gaps closed."""
    blue, green, red, cover = cv2.split(cv2.absdiff(drawn_HW4, good_HW4))
    largest = np.maximum(np.maximum(blue, green), np.maximum(red, cover))
    changed = (largest > VISIBLE).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    return np.asarray(cv2.morphologyEx(changed, cv2.MORPH_CLOSE, kernel), dtype=np.bool_)


def _lit(surface: Surface, finish: Map) -> NDArray[np.uint8]:
    """Light a surface: uint8 premultiplied BGR and cover, the shadow on the belt included."""
    grid, look = surface.grid, surface.look
    bright = _brightness(surface, finish) * look.light
    warm = 0.025 * look.warmth
    tint = np.array([1.03 - warm, 1.0, 0.965 + warm], np.float32)
    colour = np.clip(bright[:, :, None] * surface.albedo_HWC * tint, 0, 1) * surface.solid[:, :, None]
    cover = surface.solid
    if surface.litter_HWC is not None:
        litter, litter_cover = surface.litter_HWC[:, :, :3], surface.litter_HWC[:, :, 3]
        colour = colour * (1 - litter_cover[:, :, None]) + litter
        cover = cover + litter_cover * (1 - cover)
    hidden = 1 - (1 - cover) * (1 - _shadow(grid, look, cover))
    lit = cv2.merge([*cv2.split(colour), hidden])
    return np.asarray(cv2.convertScaleAbs(lit, alpha=255), np.uint8)  # rounds and saturates


def _brightness(surface: Surface, finish: Map) -> Map:
    """Diffuse light, a soft highlight on slopes, and the double fan of light that a turned face throws back."""
    grid, look = surface.grid, surface.look
    lx, ly = 0.62 * math.cos(look.light_angle), 0.62 * math.sin(look.light_angle)
    slope_x = cv2.Scharr(surface.height, cv2.CV_32F, 1, 0) * (grid.radius_px / 32)
    slope_y = cv2.Scharr(surface.height, cv2.CV_32F, 0, 1) * (grid.radius_px / 32)
    squared = 1 + slope_x**2 + slope_y**2
    length = np.sqrt(squared)
    facing = (0.78 - slope_x * lx - slope_y * ly) / length
    diffuse = np.clip(facing, 0, None)
    gloss = np.clip((facing - 0.80) / 0.20, 0, 1) ** 2
    fan = _fan(grid, look.light_angle, 3) + 0.6 * _fan(grid, look.light_angle + 1.15, 4)
    flat = 1 / (squared * squared)
    return np.asarray(
        0.16 + 0.50 * diffuse + 0.45 * gloss + surface.polish * flat * (0.36 * fan + finish * (0.6 + fan)), np.float32
    )


def _fan(grid: Grid, angle: float, doublings: int) -> Map:
    """cos(theta - angle) to the power 2**doublings: two opposite sectors of light."""
    reach = np.maximum(grid.r_HW, np.float32(1e-3))
    fan = (grid.x_HW * math.cos(angle) + grid.y_HW * math.sin(angle)) / reach
    for _ in range(doublings):
        fan *= fan
    return np.asarray(fan, np.float32)


def _lathe_marks(grid: Grid, look: Look) -> Map:
    """The finish: brightness that varies with the radius alone, plus a little grain."""
    rng = np.random.default_rng(look.groove_seed)
    marks = 0.035 * rng.standard_normal(220) + 0.03 * np.sin(np.arange(220) * 0.9 + rng.uniform(0, 6))
    by_radius = np.interp(grid.r_HW, np.linspace(0, 1.1, 220), marks).astype(np.float32)
    grain = 0.018 * rng.standard_normal(grid.shape, dtype=np.float32)
    return np.asarray(by_radius + grain, np.float32)


def _shadow(grid: Grid, look: Look, cover: Map) -> Map:
    offset = SHADOW_OFFSET * grid.radius_px
    dx, dy = -np.cos(look.light_angle) * offset, -np.sin(look.light_angle) * offset
    matrix = np.array([[1, 0, dx], [0, 1, dy]])
    moved = cv2.warpAffine(cover, matrix, grid.shape[::-1])
    return np.asarray(0.62 * cv2.GaussianBlur(moved, (0, 0), 0.035 * grid.radius_px), np.float32)
