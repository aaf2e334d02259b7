"""A part's picture with the places that made its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.bundle.load import Bundle
from edge.engines.choose import open_engine
from edge.geometry import Box, Region
from edge.inspection.explain import Explainer, overlay
from edge.inspection.inspector import Inspector, clipped
from edge.messages import Verdict

_WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Seen:
    """A second look at a part: the picture with map and boxes (uint8 BGR), and what the model says of it."""

    drawn_HWC: NDArray[np.uint8]
    sentence: str


def look_again(
    image_HWC: NDArray[np.uint8], region: Region | None, bundle: Bundle, by: Literal["defect", "class"] | str
) -> Seen:
    """Inspect `region` (None: all) of a uint8 BGR picture. by: the map to draw (see `edge.inspection.explain`).

    Raises EngineError, and BundleError where the bundle cannot explain a class.
    """
    region = clipped(region, image_HWC)
    engine = open_engine(bundle, threads=1).engine
    try:
        found = Inspector(bundle, engine).inspect(image_HWC, region, check_quality=False)
    finally:
        engine.close()
    map_HW = Explainer(bundle).explain(image_HWC, region).cam_HW if by == "class" else found.map_HW
    drawn_HWC = image_HWC if map_HW is None else overlay(image_HWC, map_HW, region)
    decided = found.decided
    named = decided.class_name or decided.reason or "no class"
    sentence = f"{decided.status}, {named} at {decided.probability:.2f}, {_places(found.boxes)}"
    return Seen(_outlined(drawn_HWC, found.boxes), sentence)


def draw_kept(image_HWC: NDArray[np.uint8], map_HWC: NDArray[np.uint8], verdict: Verdict) -> NDArray[np.uint8]:
    """A verdict's kept picture under its kept map (uint8, 255 for 1), with its boxes."""
    map_HW = map_HWC[:, :, 0].astype(np.float32) / np.float32(255)
    return _outlined(overlay(image_HWC, map_HW, clipped(verdict.region, image_HWC)), verdict.boxes)


def _outlined(image_HWC: NDArray[np.uint8], boxes: tuple[Box, ...]) -> NDArray[np.uint8]:
    outlined_HWC: NDArray[np.uint8] = image_HWC.copy()
    width = max(1, round(min(image_HWC.shape[:2]) / 240))
    for box in boxes:
        cv2.rectangle(outlined_HWC, (box.x, box.y), (box.x + box.w, box.y + box.h), _WHITE, width, cv2.LINE_AA)
    return outlined_HWC


def _places(boxes: tuple[Box, ...]) -> str:
    return "no places" if not boxes else f"{len(boxes)} place{'s' if len(boxes) > 1 else ''}"
