"""The shape of one good flange: a height map with material, before any light falls on it.

A turned steel disc with a chamfer, a groove, a raised hub, a keyed bore, six countersunk holes and a serial number
engraved. Lengths are in units of the disc's radius; edges are antialiased from signed distances, so any size may
be drawn directly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]

CANVAS = 1.25  # half the canvas, in radii: room for the shadow and for what sticks out
HOLES = 6
HOLE_CIRCLE = 0.69  # radius of the circle the hole centres lie on
HOLE = 0.088
BORE = 0.225
HUB = 0.45


@dataclass(frozen=True, slots=True)
class Grid:
    """Where each pixel of a square canvas lies, for a disc of `radius_px`: x right, y down, in radii."""

    radius_px: float
    x_HW: Map
    y_HW: Map
    r_HW: Map
    theta_HW: Map
    turned_HW: Map  # height of the disc as it leaves the lathe, radii

    @property
    def shape(self) -> tuple[int, int]:
        height, width = self.x_HW.shape
        return height, width

    def pixels(self, points_N2: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points in radii -> pixels of the canvas."""
        return np.asarray(points_N2, np.float64) * self.radius_px + (self.shape[0] - 1) / 2

    def smooth_noise(self, rng: np.random.Generator, cells: int) -> Map:
        """Noise of about unit size that varies over the canvas in `cells` cells."""
        coarse = rng.standard_normal((cells, cells)).astype(np.float32)
        return np.asarray(cv2.resize(coarse, self.shape, interpolation=cv2.INTER_CUBIC), np.float32)


@lru_cache(maxsize=4)
def grid_for(diameter_px: int) -> Grid:
    """The grid for discs of one diameter; computed once, read-only."""
    radius = diameter_px / 2
    half = int(np.ceil(radius * CANVAS))
    axis = ((np.arange(2 * half) - (half - 0.5)) / radius).astype(np.float32)
    x, y = np.meshgrid(axis, axis)
    r = np.hypot(x, y)
    maps = (x, y, r, np.arctan2(y, x), _turned_profile(r))
    for each in maps:
        each.setflags(write=False)
    return Grid(radius, *maps)


@dataclass(frozen=True, slots=True)
class Look:
    """How one part differs from the next: all of it within what a good part may be."""

    serial: int  # engraved; drawn by chance, so that nothing can be learnt from it
    angle: float  # radians
    light_angle: float  # radians, where the light comes from
    light: float  # 1 = nominal
    warmth: float  # -1 bluish .. 1 yellowish
    groove_seed: int


@dataclass(frozen=True, slots=True)
class Surface:
    """One part before lighting; all maps HxW over the canvas, float32.

    height: radii. albedo_HWC: 1 = clean steel, per BGR channel. polish: 0..1, how much the turned finish shines.
    solid: 0..1, where there is part and not belt. metal: 0..1, where its face is and no hole.
    litter_HWC: premultiplied BGR 0..1 and cover of something lying on top.
    """

    grid: Grid
    look: Look
    height: Map
    albedo_HWC: Map
    polish: Map
    solid: Map
    metal: Map
    litter_HWC: Map | None = None


def good_surface(grid: Grid, look: Look, blocked_hole: int | None = None) -> Surface:
    """Shape a flange without defect; `blocked_hole` (0..5) was never drilled."""
    hole_d = hole_distance(grid, look.angle, blocked_hole)
    bore_d = _bore_distance(grid, look.angle)
    opening = np.maximum(_inside(grid, hole_d), _inside(grid, bore_d))
    solid = _inside(grid, grid.r_HW - 1)
    engraved = _engraving(grid, look)
    countersinks = 0.045 * np.clip(1 - hole_d / 0.03, 0, 1) + 0.05 * np.clip(1 - bore_d / 0.032, 0, 1)
    height = grid.turned_HW - countersinks - 0.010 * engraved
    metal = solid * (1 - opening)
    shade = (1 - 0.42 * engraved) * (1 - 0.91 * opening)
    albedo = np.asarray(cv2.merge([shade, shade, shade]), np.float32)
    polish = metal * (1 - 0.6 * engraved)
    return Surface(grid, look, height, albedo, polish, solid, metal)


def hole_distance(grid: Grid, angle: float, blocked: int | None) -> Map:
    """Signed distance to the edge of the nearest bolt hole, radii; negative inside."""
    step = 2 * np.pi / HOLES
    turned = (grid.theta_HW - angle) / step
    nearest_hole = np.round(turned)
    phi = (turned - nearest_hole) * step
    squared = grid.r_HW**2 + HOLE_CIRCLE**2 - 2 * HOLE_CIRCLE * grid.r_HW * np.cos(phi)
    distance = np.sqrt(np.maximum(squared, 0)) - HOLE
    if blocked is not None:
        distance = np.where(nearest_hole.astype(np.int64) % HOLES == blocked, np.float32(1), distance)
    return np.asarray(distance, np.float32)


def hole_centre(angle: float, hole: int) -> NDArray[np.float64]:
    """Where a hole's centre lies, (x, y) in radii."""
    phi = angle + hole * 2 * np.pi / HOLES
    return HOLE_CIRCLE * np.array([np.cos(phi), np.sin(phi)])


def _turned_profile(r: Map) -> Map:
    """Height over the radius: hub, step, face, groove, chamfer."""
    knots = (0, HUB, HUB + 0.03, 0.835, 0.85, 0.865, 0.88, 0.945, 1.0, 2.0)
    heights = (0.05, 0.05, 0.0, 0.0, -0.012, -0.012, 0.0, 0.0, -0.055, -0.055)
    return np.interp(r, knots, heights).astype(np.float32)


def _bore_distance(grid: Grid, angle: float) -> Map:
    u = grid.x_HW * math.cos(angle) + grid.y_HW * math.sin(angle)
    v = grid.y_HW * math.cos(angle) - grid.x_HW * math.sin(angle)
    keyway = np.maximum(np.abs(v) - 0.052, np.maximum(u - 0.315, -u))
    return np.asarray(np.minimum(grid.r_HW - BORE, keyway), np.float32)


def _inside(grid: Grid, distance: Map) -> Map:
    """Antialiased cover of where a signed distance is negative."""
    return np.asarray(np.clip(0.5 - distance * grid.radius_px, 0, 1), np.float32)


def _engraving(grid: Grid, look: Look) -> Map:
    """The serial number between two holes and the type opposite, as cover 0..1."""
    engraved = np.zeros(grid.shape, np.float32)
    for text, turn in ((f"{look.serial:04d}", np.pi / HOLES), ("EVL-6", np.pi + np.pi / HOLES)):
        stamp = _stamp(text)
        scale = 0.36 * grid.radius_px / stamp.shape[1]
        phi = look.angle + turn
        centre = grid.pixels(np.array([np.cos(phi), np.sin(phi)]) * HOLE_CIRCLE)
        # Along the tangent, its foot towards the middle.
        right = np.array([-np.sin(phi), np.cos(phi)]) * scale
        down = np.array([-right[1], right[0]])
        matrix = np.column_stack([right, down, centre - (right * stamp.shape[1] + down * stamp.shape[0]) / 2])
        small = cv2.GaussianBlur(stamp, (0, 0), max(0.1, 0.35 / scale))
        engraved += cv2.warpAffine(small, matrix, grid.shape[::-1], flags=cv2.INTER_LINEAR)
    return np.asarray(np.clip(engraved, 0, 1), np.float32)


def _stamp(text: str) -> Map:
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 3)
    stamp = np.zeros((height + 8, width + 8), np.uint8)
    cv2.putText(stamp, text, (4, height + 3), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 255, 3, cv2.LINE_AA)
    return np.asarray(stamp / np.float32(255), np.float32)
