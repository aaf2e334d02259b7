"""Views of a training picture: turned, cropped, covered, shaken, re-lit, each shown to teacher and student alike.

A teacher that sees exactly the student's view is a consistent one (Beyer et al. 2022, "Knowledge distillation: a
good teacher is patient and consistent"). View 0 is the picture as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_LONGEST_SIDE = 640  # larger pictures are shrunk first: neither teacher nor student sees more than this
_KEPT_OF_DEFECT = 0.75  # a crop that loses more of the marked defect would carry the wrong label
_TRIES = 6
_EDGED = 0.35  # share of views with a strip of background
_DEEPEST_EDGE = 0.04  # of the picture's side: about what a part finder is off by
_COVERED = 0.15  # share of views with something lying on the part
_SHAKEN = 0.12  # share of views smeared by motion
_LONGEST_SMEAR = 0.015  # of the picture's longer side

# Quarter turns, then mirrored left to right or not; a turn's number is its place here.
TURNS = tuple((quarter, mirrored) for quarter in range(4) for mirrored in (False, True))
MIRRORED, UPSIDE_DOWN = TURNS.index((0, True)), TURNS.index((2, True))
ALL_TURNS = tuple(range(len(TURNS)))


@dataclass(frozen=True, slots=True)
class View:
    """image_HWC uint8 BGR; mask_HW bool, True on defects; None where nobody marked the place."""

    image_HWC: NDArray[np.uint8]
    mask_HW: NDArray[np.bool_] | None


def make_view(picture: View, number: int, seed: tuple[int, ...], turns: tuple[int, ...] = ALL_TURNS) -> View:
    """View `number` of a picture, the same for the same seed. turns: the numbers of those allowed (`TURNS`)."""
    picture = _at_most(picture, _LONGEST_SIDE)
    if number == 0:
        return picture
    rng = np.random.default_rng((*seed, number))
    fitting = [turn for turn in turns if not _lays_down(turn) or _is_squarish(picture)]
    cropped = _crop(turned(picture, fitting[int(rng.integers(len(fitting)))]), rng)
    shown = _covered(_shaken(_relight(cropped.image_HWC, rng), rng), cropped.mask_HW, rng)
    return View(_with_edge(shown, rng), cropped.mask_HW)


def turned(picture: View, turn: int) -> View:
    """A picture after turn number `turn` of `TURNS`."""
    quarter, mirrored = TURNS[turn]

    def of(array: NDArray[np.generic]) -> NDArray[np.generic]:
        rotated = np.rot90(array, quarter)
        return np.ascontiguousarray(rotated[:, ::-1] if mirrored else rotated)

    mask = None if picture.mask_HW is None else of(picture.mask_HW).astype(bool)
    return View(of(picture.image_HWC).astype(np.uint8), mask)


def _at_most(picture: View, side: int) -> View:
    height, width = picture.image_HWC.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    image = cv2.resize(picture.image_HWC, size, interpolation=cv2.INTER_AREA)
    mask = picture.mask_HW
    if mask is not None:
        # area-averaged and "any part of it": a one-pixel defect must survive the shrinking
        mask = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    return View(np.asarray(image, np.uint8), mask)


def _lays_down(turn: int) -> bool:
    """Whether height and width change places."""
    return TURNS[turn][0] % 2 == 1


def _is_squarish(picture: View) -> bool:
    """A picture far from square keeps its orientation: stretched to the model's shape it would be another picture."""
    height, width = picture.image_HWC.shape[:2]
    return bool(0.8 < height / width < 1.25)


def _crop(picture: View, rng: np.random.Generator) -> View:
    """A random crop that keeps the marked defect; a slight one where the defect's place is unknown."""
    smallest = 0.9 if picture.mask_HW is None else 0.7
    height, width = picture.image_HWC.shape[:2]
    for _ in range(_TRIES):
        scale = rng.uniform(smallest, 1.0)
        h, w = max(8, int(height * scale)), max(8, int(width * scale))
        top, left = int(rng.integers(max(1, height - h + 1))), int(rng.integers(max(1, width - w + 1)))
        window = (slice(top, top + h), slice(left, left + w))
        if picture.mask_HW is None:
            return View(picture.image_HWC[window], None)
        mask = picture.mask_HW[window]
        if mask.sum() >= _KEPT_OF_DEFECT * picture.mask_HW.sum():
            return View(picture.image_HWC[window], mask)
    return picture


def _shaken(image_HWC: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Now and then smeared along a line: the part moved while the shutter was open."""
    if rng.random() >= _SHAKEN:
        return image_HWC
    length = max(3, round(rng.uniform(0.3, 1.0) * _LONGEST_SMEAR * max(image_HWC.shape[:2])))
    kernel = np.zeros((length, length), np.float32)
    angle, middle = rng.uniform(0, np.pi), (length - 1) / 2
    reach = middle * np.array([np.cos(angle), np.sin(angle)])
    start, end = (tuple(np.rint(middle + sign * reach).astype(int).tolist()) for sign in (-1, 1))
    cv2.line(kernel, start, end, 1.0)
    return np.asarray(cv2.filter2D(image_HWC, -1, kernel / kernel.sum()), np.uint8)


def _covered(
    image_HWC: NDArray[np.uint8], mask_HW: NDArray[np.bool_] | None, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Now and then a plain patch (DeVries & Taylor 2017, "Cutout"), never over a marked defect.

    Where nobody marked the place the patch is small: it might hide the defect and leave the label wrong.
    """
    if rng.random() >= _COVERED:
        return image_HWC
    largest = 0.1 if mask_HW is None else 0.25
    height, width = image_HWC.shape[:2]
    h, w = (max(1, round(side * rng.uniform(0.04, largest))) for side in (height, width))
    top, left = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
    window = (slice(top, top + h), slice(left, left + w))
    if mask_HW is not None and mask_HW[window].any():
        return image_HWC
    patched: NDArray[np.uint8] = image_HWC.copy()
    patched[window] = rng.integers(256)
    return patched


def _with_edge(image_HWC: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Now and then a strip of plain grey along one or two sides: on the line, a part is cut out of its background."""
    if rng.random() >= _EDGED:
        return image_HWC
    edged: NDArray[np.uint8] = image_HWC.copy()
    height, width = edged.shape[:2]
    for side in rng.permutation(4)[: int(rng.integers(1, 3))]:
        depth = max(1, round((height if side % 2 == 0 else width) * rng.uniform(0.005, _DEEPEST_EDGE)))
        strip = ((slice(depth), slice(None)), (slice(None), slice(depth)),
                 (slice(-depth, None), slice(None)), (slice(None), slice(-depth, None)))[side]  # fmt: skip
        edged[strip] = rng.integers(256)
    return edged


def _relight(image_HWC: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Contrast, brightness, gamma and now and then a slight blur: what lamps and lenses do over a year."""
    light: NDArray[np.floating[Any]] = image_HWC.astype(np.float32)
    mean = float(light.mean())
    light = (light - mean) * rng.uniform(0.65, 1.45) + mean + rng.uniform(-35, 35)
    light = 255.0 * (np.clip(light, 0, 255) / 255.0) ** rng.uniform(0.8, 1.25)
    if rng.random() < 0.15:
        light = np.asarray(cv2.GaussianBlur(light, (3, 3), rng.uniform(0.3, 0.9)))
    return np.asarray(np.clip(light + 0.5, 0, 255), np.uint8)
