"""The belt without parts: dark brushed steel plates between painted rails, under a lamp, seen by a noisy sensor.

Dark on purpose: parts stand out by brightness alone. Everything is computed once per frame size; a frame is then
two copies, a multiplication and a noise tile.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
NOISE_MARGIN = 64
NOISE_MEAN = 32
NOISE_SIGMA = 2.2  # grey levels


@dataclass(frozen=True, slots=True)
class Belt:
    """The fixed pictures of one frame size; all read-only uint8 BGR.

    still_HWC: the machine around the belt, which does not move. plates_HWC: the belt between rows `top` and
    `bottom`, endless: its last column meets its first. lamp_HWC: how much light falls where, 255 = all.
    """

    width: int
    height: int
    top: int
    bottom: int
    still_HWC: Image
    plates_HWC: Image
    lamp_HWC: Image
    noise_HWC: Image

    def unlit(self, travel_px: int) -> Image:
        """A new frame with the belt moved `travel_px` to the right, before lamp and sensor."""
        frame_HWC: Image = self.still_HWC.copy()
        band = frame_HWC[self.top : self.bottom]
        period = self.plates_HWC.shape[1]
        column = 0
        source = -travel_px % period
        while column < self.width:
            run = min(period - source, self.width - column)
            band[:, column : column + run] = self.plates_HWC[:, source : source + run]
            column, source = column + run, 0
        return frame_HWC

    def seen(self, unlit_HWC: Image, left: int, top: int, rng: np.random.Generator) -> Image:
        """Lamp and sensor over a window whose corner is at (left, top) of the frame."""
        height, width = unlit_HWC.shape[:2]
        lamp = self.lamp_HWC[top : top + height, left : left + width]
        lit = cv2.multiply(unlit_HWC, lamp, scale=1 / 255)
        dy, dx = rng.integers(NOISE_MARGIN, size=2)
        noise = self.noise_HWC[dy : dy + height, dx : dx + width]
        flicker = float(rng.normal(1.0, 0.006))
        return np.asarray(cv2.addWeighted(lit, flicker, noise, 1.0, -NOISE_MEAN), dtype=np.uint8)


@lru_cache(maxsize=4)
def belt_for(width: int, height: int) -> Belt:
    """Build the belt for frames of that size; always the same picture."""
    rng = np.random.default_rng(20)
    top, bottom = round(0.105 * height), round(0.895 * height)
    belt = Belt(
        width=width,
        height=height,
        top=top,
        bottom=bottom,
        still_HWC=_machine(width, height, top),
        plates_HWC=_plates(bottom - top, height, rng),
        lamp_HWC=_lamp(width, height, top),
        noise_HWC=_noise(width, height, rng),
    )
    for picture in (belt.still_HWC, belt.plates_HWC, belt.lamp_HWC, belt.noise_HWC):
        picture.setflags(write=False)
    return belt


def _plates(band_height: int, frame_height: int, rng: np.random.Generator) -> Image:
    """Hinged plates, brushed along the belt, each slightly different."""
    plate = max(24, frame_height // 5)
    count = 12
    width = plate * count
    grey = 50 + _brushed(band_height, width, rng, along=max(9, plate // 2)) * 5.0
    grey += _brushed(band_height, width, rng, along=5) * 1.6
    grey += np.repeat(rng.normal(0, 1.3, count), plate)[None, :]
    across = np.arange(width) % plate
    seam = max(1, round(frame_height / 320))
    grey[:, across < seam] *= 0.45
    grey[:, (across >= seam) & (across < 2 * seam)] += 13
    _rivets(grey, plate, frame_height)
    return _tinted(grey, (1.06, 1.0, 0.95))


def _brushed(height: int, width: int, rng: np.random.Generator, along: int) -> NDArray[np.float64]:
    """Unit noise smeared along x, endless in x."""
    noise = rng.standard_normal((height, width))
    wrapped = np.hstack([noise[:, -along:], noise, noise[:, :along]])
    smeared = cv2.blur(wrapped, (2 * along + 1, 1))[:, along:-along]
    return np.asarray(smeared / smeared.std(), np.float64)


def _rivets(grey: NDArray[np.float64], plate: int, frame_height: int) -> None:
    """Two rivets at either end of every plate, drawn in place."""
    radius = max(2, round(frame_height / 110))
    y, x = np.mgrid[-2 * radius : 2 * radius + 1, -2 * radius : 2 * radius + 1] / radius
    dome = np.clip(1.15 - np.hypot(x, y), 0, 0.15) / 0.15
    shine = (30 - 26 * (x + y) / np.sqrt(1 + x**2 + y**2)) * dome - 22 * np.clip(1.7 - np.hypot(x, y), 0, 1) * (
        1 - dome
    )
    for middle in range(plate // 2, grey.shape[1], plate):
        for row in (3 * radius, grey.shape[0] - 3 * radius):
            grey[row - 2 * radius : row + 2 * radius + 1, middle - 2 * radius : middle + 2 * radius + 1] += shine


def _machine(width: int, height: int, rail: int) -> Image:
    """Two painted guide rails with a bright lip towards the belt and bolts, and a stripe of warning colour."""
    y = np.arange(rail) / rail
    profile = 58 + 26 * np.exp(-(((y - 0.38) / 0.17) ** 2)) - 34 * np.exp(-((y / 0.12) ** 2))
    profile[y > 0.80] = 96
    profile[y > 0.93] = 16
    band = np.repeat(_tinted(profile[:, None], (1.28, 0.96, 0.52)), width, axis=1)
    _bolts(band, rail)
    still = np.zeros((height, width, 3), np.uint8)
    still[:rail] = band
    still[height - rail :] = band[::-1]
    return still


def _bolts(band: Image, rail: int) -> None:
    radius = max(2, round(rail * 0.13))
    row = round(rail * 0.40)
    for column in range(rail, band.shape[1], round(rail * 3.2)):
        cv2.circle(band, (column + 1, row + 2), radius + 1, (30, 22, 14), -1, cv2.LINE_AA)
        cv2.circle(band, (column, row), radius, (98, 94, 88), -1, cv2.LINE_AA)
        cv2.circle(band, (column, row), max(1, radius // 2), (42, 40, 38), -1, cv2.LINE_AA)


def _lamp(width: int, height: int, rail: int) -> Image:
    """A bar lamp above the middle: brightest there, falling off to the corners; the rails shade the belt."""
    x = (np.arange(width) - 0.48 * width) / (0.5 * width)
    y = (np.arange(height) - 0.46 * height) / (0.5 * height)
    light = 1.0 - 0.10 * x[None, :] ** 2 - 0.09 * y[:, None] ** 2
    depth = np.arange(height) - rail
    light *= 1 - 0.35 * np.exp(-np.clip(depth, 0, None) / (0.12 * rail))[:, None] * (depth >= 0)[:, None]
    return np.repeat(np.clip(light * 255, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def _noise(width: int, height: int, rng: np.random.Generator) -> Image:
    shape = (height + NOISE_MARGIN, width + NOISE_MARGIN)
    shared = rng.normal(NOISE_MEAN, 0.8 * NOISE_SIGMA, shape)[:, :, None]
    return np.asarray(np.clip(shared + rng.normal(0, 0.6 * NOISE_SIGMA, (*shape, 3)) + 0.5, 0, 255), np.uint8)


def _tinted(grey: NDArray[np.float64], tint_bgr: tuple[float, float, float]) -> Image:
    return np.asarray(np.clip(grey[:, :, None] * np.array(tint_bgr), 0, 255), np.uint8)
