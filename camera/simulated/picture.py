"""One part as a training picture: the same drawing, belt, lamp and sensor as on the moving belt."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.simulated.belt import belt_for
from camera.simulated.defects import PartClass
from camera.simulated.line import Line, class_of
from camera.simulated.sprite import PixelBox, Sprite, draw_part, lay, lay_mask

REFERENCE = Line()  # pictures are cut from a line of this frame size


@dataclass(frozen=True, slots=True)
class PartPicture:
    """A square picture of one part with a margin of belt.

    image_HWC: uint8 BGR. defect_mask_HW: bool, True where the defect shows; all False for a good part. box: left,
    top, width, height of the part, pixels. severity: 0 subtle .. 1 obvious; 0 for a good part.
    """

    number: int
    class_name: PartClass
    severity: float
    image_HWC: NDArray[np.uint8]
    defect_mask_HW: NDArray[np.bool_]
    box: PixelBox


def render_part(number: int, seed: int, size_px: int, class_name: PartClass | None = None) -> PartPicture:
    """Draw part `number` of line `seed` as a picture of `size_px` x `size_px`; the same arguments, the same picture.

    class_name None: the class this part has on a line with the usual defect rate. The part is off-centre by chance
    and fills 70 to 90 % of the picture. Use another seed than the line that is to be inspected.
    """
    class_name = class_name or class_of(number, seed, REFERENCE.defect_rate)
    sprite = draw_part(number, seed, REFERENCE.diameter_px, class_name)
    rng = np.random.default_rng((seed, number, 2))
    side = round(REFERENCE.diameter_px / rng.uniform(0.70, 0.90))
    offset = rng.uniform(-0.35, 0.35, 2) * (side - REFERENCE.diameter_px)
    window_HWC, mask_HW, corner = _window(sprite, side, offset, rng)
    scale = size_px / side
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    image_HWC = cv2.resize(window_HWC, (size_px, size_px), interpolation=method)
    mask = cv2.resize(mask_HW.astype(np.float32), (size_px, size_px), interpolation=method) >= 0.25
    x, y, w, h = sprite.box
    box = PixelBox(round((x + corner[0]) * scale), round((y + corner[1]) * scale), round(w * scale), round(h * scale))
    return PartPicture(number, class_name, sprite.severity, np.asarray(image_HWC, np.uint8), mask, box)


def _window(
    sprite: Sprite, side: int, offset: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], tuple[int, int]]:
    """A square cut from the frame around the part; also the mask in it, and the corner of the sprite's canvas."""
    belt = belt_for(REFERENCE.width, REFERENCE.height)
    left = int(rng.integers(REFERENCE.width - side))
    top = round((REFERENCE.height - side) / 2 + rng.uniform(-0.06, 0.06) * REFERENCE.height)
    frame_HWC = belt.unlit(int(rng.integers(1 << 16)))
    window_HWC = frame_HWC[top : top + side, left : left + side]
    canvas = sprite.defect_HW.shape[0]
    corner = (round((side - canvas) / 2 + offset[0]), round((side - canvas) / 2 + offset[1]))
    mask_HW = np.zeros((side, side), np.bool_)
    lay(sprite, window_HWC, corner)
    lay_mask(sprite, mask_HW, corner)
    return belt.seen(np.ascontiguousarray(window_HWC), left, top, rng), mask_HW, corner
