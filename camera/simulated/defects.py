"""What can be wrong with a flange: seven defects, each from subtle to obvious.

Each function takes the good surface and returns a changed one. `severity` runs from 0 (subtle, still visible in a
128 px picture of the part) to 1 (obvious). Lengths are in radii of the part.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.simulated.surface import (
    BORE,
    HOLE,
    HOLES,
    Grid,
    Look,
    Map,
    Surface,
    good_surface,
    hole_centre,
)

DefectClass = Literal["scratch", "dent", "stain", "crack", "missing_hole", "chip", "swarf"]
PartClass = Literal["good", "scratch", "dent", "stain", "crack", "missing_hole", "chip", "swarf"]
DEFECT_CLASSES: tuple[DefectClass, ...] = get_args(DefectClass)
PART_CLASSES: tuple[PartClass, ...] = get_args(PartClass)

Point = NDArray[np.float64]
UPSCALE = 4  # thin lines are drawn this much larger, then averaged down


def with_defect(good: Surface, defect: DefectClass, severity: float, rng: np.random.Generator) -> Surface:
    """A good surface with one defect, its place and shape drawn from `rng`."""
    match defect:
        case "scratch":
            return _scratch(good, severity, rng)
        case "dent":
            return _dent(good, severity, rng)
        case "stain":
            return _stain(good, severity, rng)
        case "crack":
            return _crack(good, severity, rng)
        case "missing_hole":
            return _missing_hole(good, severity, rng)
        case "chip":
            return _chip(good, severity, rng)
        case "swarf":
            return _swarf(good, severity, rng)


def _scratch(part: Surface, severity: float, rng: np.random.Generator) -> Surface:
    """One to three long, slightly bent, roughly parallel lines, bright with a dark flank."""
    start = _on_face(part.look, rng, clearance=0.04)
    heading = rng.uniform(0, 2 * np.pi)
    length = _between(severity, 0.45, 0.95)
    lines = []
    for k in range(1 + int(severity * 2.5)):
        shift = k * rng.uniform(0.03, 0.07) * np.array([-np.sin(heading), np.cos(heading)])
        lines.append(
            _arc(start + shift, heading + rng.normal(0, 0.06), length * rng.uniform(0.7, 1), rng.normal(0, 0.3))
        )
    width = _between(severity, 0.018, 0.026)
    line = _strokes(part.grid, lines, width) * part.metal
    flank = np.clip(_strokes(part.grid, lines, 3.2 * width) * part.metal - line, 0, 1)
    gain = _between(severity, 0.46, 0.60)
    shade = 1 + gain * line - 0.8 * gain * flank
    return replace(part, height=part.height - 0.012 * line, albedo_HWC=_shaded(part, shade))


def _dent(part: Surface, severity: float, rng: np.random.Generator) -> Surface:
    """A round hollow with a raised lip; it breaks the turned finish."""
    size = _between(severity, 0.085, 0.15)
    dx, dy = _offset(part.grid, _on_face(part.look, rng, clearance=size * 0.8))
    squeeze, turn = rng.uniform(0.75, 1.0), rng.uniform(0, np.pi)
    u = (dx * np.cos(turn) + dy * np.sin(turn)) / squeeze
    v = dy * np.cos(turn) - dx * np.sin(turn)
    rho = np.hypot(u, v) / size
    depth = size * _between(severity, 0.34, 0.55)
    hollow = depth * (np.exp(-((rho / 0.62) ** 2)) - 0.30 * np.exp(-(((rho - 1.05) / 0.28) ** 2)))
    dull = np.exp(-((rho / 0.9) ** 4)) * part.metal
    shade = 1 - _between(severity, 0.10, 0.22) * dull
    return replace(
        part,
        height=part.height - (hollow * part.metal).astype(np.float32),
        albedo_HWC=_shaded(part, shade),
        polish=part.polish * (1 - dull).astype(np.float32),
    )


def _stain(part: Surface, severity: float, rng: np.random.Generator) -> Surface:
    """A dried patch of oil or a bloom of rust, with a darker rim and a few splashes."""
    grid = part.grid
    size = _between(severity, 0.17, 0.34)
    centre = _on_face(part.look, rng, clearance=0.0)
    field = grid.smooth_noise(rng, 9) * 0.16 + grid.smooth_noise(rng, 22) * 0.07
    dx, dy = _offset(grid, centre)
    depth = 1 - np.hypot(dx, dy) / size + field
    for _ in range(int(rng.integers(1, 4))):
        dx, dy = _offset(grid, centre + rng.normal(0, 1.2 * size, 2))
        depth = np.maximum(depth, 1 - np.hypot(dx, dy) / (size * rng.uniform(0.12, 0.3)) + 0.5 * field)
    wet = np.clip(depth * 7, 0, 1) * part.solid
    rim = np.exp(-(((depth - 0.10) / 0.09) ** 2)) * wet
    rust = rng.random() < 0.4
    tint = np.array([0.26, 0.48, 0.80] if rust else [0.42, 0.56, 0.66], np.float32)
    opacity = _between(severity, 0.45, 0.9) * (0.8 * wet + 0.2 * rim)
    if rust:
        opacity = opacity * np.clip(0.85 + 0.3 * grid.smooth_noise(rng, 60), 0.3, 1)
    shade = 1 - opacity[:, :, None] * (1 - tint)
    return replace(
        part,
        albedo_HWC=(part.albedo_HWC * shade * (1 - 0.25 * rim[:, :, None])).astype(np.float32),
        polish=(part.polish * (1 - 0.7 * wet)).astype(np.float32),
    )


def _crack(part: Surface, severity: float, rng: np.random.Generator) -> Surface:
    """A dark, jagged, branching line that starts at a hole, the bore or the outer edge."""
    start, heading = _crack_start(part.look, rng)
    trunk = _jagged(start, heading, _between(severity, 0.30, 0.62), rng)
    branches = []
    for _ in range(1 + int(severity * 2)):
        at = int(rng.integers(len(trunk) // 3, len(trunk) - 1))
        turn = rng.choice([-1, 1]) * rng.uniform(0.5, 0.9)
        branches.append(_jagged(trunk[at], heading + turn, _between(severity, 0.09, 0.22), rng))
    width = _between(severity, 0.018, 0.030)
    line = np.maximum(_strokes(part.grid, [trunk], width), _strokes(part.grid, branches, 0.7 * width)) * part.metal
    lip = np.clip(_strokes(part.grid, [trunk], 2.6 * width) * part.metal - line, 0, 1)
    shade = 1 - _between(severity, 0.72, 0.90) * line - 0.12 * lip
    return replace(part, albedo_HWC=_shaded(part, shade), polish=part.polish * (1 - line))


def _missing_hole(good: Surface, severity: float, rng: np.random.Generator) -> Surface:
    """A bolt hole that was never drilled; at low severity it was started and is only a shallow dimple."""
    grid, look = good.grid, good.look
    hole = int(rng.integers(HOLES))
    part = good_surface(grid, look, blocked_hole=hole)
    if severity >= 0.5:
        return part
    dx, dy = _offset(grid, hole_centre(look.angle, hole))
    distance = np.hypot(dx, dy)
    radius = _between(2 * severity, 0.8, 0.3) * HOLE
    dimple = np.clip((radius - distance) / 0.035, 0, 1).astype(np.float32)
    shade = 1 - 0.25 * dimple
    return replace(part, height=part.height - 0.035 * dimple, albedo_HWC=_shaded(part, shade))


def _chip(part: Surface, severity: float, rng: np.random.Generator) -> Surface:
    """A piece broken out of the outer edge, with a rough bright fracture."""
    grid = part.grid
    size = _between(severity, 0.085, 0.20)
    phi = rng.uniform(0, 2 * np.pi)
    dx, dy = _offset(grid, np.array([np.cos(phi), np.sin(phi)]) * 1.02)
    along = dy * np.cos(phi) - dx * np.sin(phi)
    inward = dx * np.cos(phi) + dy * np.sin(phi)
    rough = grid.smooth_noise(rng, 26)
    distance = np.hypot(along / rng.uniform(1.0, 1.7), inward) - size * (1 + 0.16 * rough)
    gone = np.clip(0.5 - distance * grid.radius_px, 0, 1).astype(np.float32)
    fracture = np.clip(1 - distance / (0.045 + 0.25 * size), 0, 1).astype(np.float32) * part.metal * (1 - gone)
    grain = grid.smooth_noise(rng, 70)
    shade = 1 + fracture * (0.10 * grain - 0.18)
    return replace(
        part,
        height=part.height - 0.10 * fracture + 0.006 * grain * fracture,
        albedo_HWC=_shaded(part, shade),
        polish=part.polish * (1 - fracture),
        solid=part.solid * (1 - gone),
        metal=part.metal * (1 - gone),
    )


def _swarf(part: Surface, severity: float, rng: np.random.Generator) -> Surface:
    """A curl of metal left by the tool, lying on the part with its own shadow."""
    grid = part.grid
    middle = _on_face(part.look, rng, clearance=-0.02)
    curl = middle + _helix(_between(severity, 0.24, 0.52), _between(severity, 0.045, 0.085), rng)
    width = _between(severity, 0.030, 0.045)
    body, core = _strokes(grid, [curl], width), _strokes(grid, [curl - 0.006], 0.4 * width)
    drop = -np.array([np.cos(part.look.light_angle), np.sin(part.look.light_angle)]) * 0.05
    shadow = cv2.GaussianBlur(_strokes(grid, [curl + drop], width), (0, 0), 0.012 * grid.radius_px)
    dark, light = _swarf_colours(rng)
    colour = body[:, :, None] * dark * (1 - core[:, :, None]) + core[:, :, None] * body[:, :, None] * light
    litter = np.dstack([colour, body]).astype(np.float32)
    shade = 1 - 0.55 * shadow * part.solid
    return replace(part, albedo_HWC=_shaded(part, shade), litter_HWC=litter)


def _swarf_colours(rng: np.random.Generator) -> tuple[Map, Map]:
    """BGR of the body and of its bright core: annealed blue, straw or plain steel."""
    body = ([0.50, 0.33, 0.22], [0.20, 0.36, 0.48], [0.30, 0.29, 0.28])[int(rng.integers(3))]
    core = ([0.98, 0.86, 0.78], [0.70, 0.90, 0.98], [0.96, 0.96, 0.96])[int(rng.integers(3))]
    return np.array(body, np.float32), np.array(core, np.float32)


def _shaded(part: Surface, shade_HW: NDArray[np.floating]) -> Map:
    """The part's albedo, all channels multiplied by `shade_HW`."""
    return np.asarray(part.albedo_HWC * shade_HW.astype(np.float32)[:, :, None], np.float32)


def _between(severity: float, subtle: float, obvious: float) -> float:
    return subtle + (obvious - subtle) * severity


def _offset(grid: Grid, point: Point) -> tuple[Map, Map]:
    return grid.x_HW - np.float32(point[0]), grid.y_HW - np.float32(point[1])


def _on_face(look: Look, rng: np.random.Generator, clearance: float) -> Point:
    """A point of the face that keeps `clearance` from holes, bore and edge; about even over the area."""
    centres = np.array([hole_centre(look.angle, hole) for hole in range(HOLES)])
    while True:
        point = rng.uniform(-1, 1, 2)
        radius = float(np.hypot(*point))
        free_of_holes = np.hypot(*(centres - point).T).min() > HOLE + 0.02 + clearance
        if BORE + 0.09 + clearance < radius < 0.92 - clearance and free_of_holes:
            return point


def _crack_start(look: Look, rng: np.random.Generator) -> tuple[Point, float]:
    kind = rng.integers(3)
    phi = float(rng.uniform(0, 2 * np.pi))
    outward = np.array([np.cos(phi), np.sin(phi)])
    if kind == 0:
        return outward * (BORE + 0.01), phi
    if kind == 1:
        return outward * 0.99, phi + np.pi + rng.normal(0, 0.3)
    hole = int(rng.integers(HOLES))
    centre = hole_centre(look.angle, hole)
    heading = float(np.arctan2(centre[1], centre[0]) + np.pi / 2 * rng.choice([-1, 1]) + rng.normal(0, 0.35))
    return centre + HOLE * np.array([np.cos(heading), np.sin(heading)]), heading


def _jagged(start: Point, heading: float, length: float, rng: np.random.Generator) -> Point:
    steps = max(4, int(length / 0.035))
    headings = heading + np.cumsum(rng.normal(0, 0.12, steps)) + rng.normal(0, 0.5, steps)
    moves = (length / steps) * np.column_stack([np.cos(headings), np.sin(headings)])
    return np.asarray(np.vstack([start, start + np.cumsum(moves, axis=0)]), np.float64)


def _arc(start: Point, heading: float, length: float, bend: float) -> Point:
    """A gentle curve that has `start` in its middle."""
    along = np.linspace(-0.5, 0.5, 24)
    headings = heading + bend * along
    moves = (length / 23) * np.column_stack([np.cos(headings), np.sin(headings)])
    path = np.cumsum(moves, axis=0)
    return np.asarray(start + path - path[12], np.float64)


def _helix(length: float, radius: float, rng: np.random.Generator) -> Point:
    """A coil seen from above at a slant, its middle at the origin."""
    turns = max(2.0, length / (1.6 * radius))
    t = np.linspace(-0.5, 0.5, int(28 * turns))
    bend = rng.normal(0, 0.5)
    along = length * t + 0.75 * radius * np.sin(2 * np.pi * turns * t)
    across = radius * np.cos(2 * np.pi * turns * t) + bend * length * t**2
    phi = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(phi), np.sin(phi)], [-np.sin(phi), np.cos(phi)]])
    return np.asarray(np.column_stack([along, across]) @ turn, np.float64)


def _strokes(grid: Grid, lines: list[Point], width: float) -> Map:
    """Antialiased cover 0..1 of lines given in radii."""
    size = grid.shape[0]
    large = np.zeros((size * UPSCALE, size * UPSCALE), np.uint8)
    fraction_bits = 4
    for line in lines:
        pixels = ((grid.pixels(line) + 0.5) * UPSCALE - 0.5) * (1 << fraction_bits)
        thickness = max(1, round(width * grid.radius_px * UPSCALE))
        cv2.polylines(large, [np.round(pixels).astype(np.int32)], False, 255, thickness, cv2.LINE_8, fraction_bits)
    small = cv2.resize(large, grid.shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small.astype(np.float32) / 255, np.float32)
