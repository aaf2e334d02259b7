"""The picture element: a JPEG, over it its defect map where wanted, then region and boxes, drawn crisply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nicegui import ui

from edge.geometry import Box, Region
from edge.messages import Picture, Verdict

THUMBNAIL_MARGIN = 0.6
THUMBNAIL_ASPECT = 4 / 3


@dataclass(frozen=True, slots=True)
class Overlay:
    """A defect map over a region of the picture, with a switch and a slider. src: address of the PNG, 255 for 1."""

    src: str
    region: Region
    title: str
    strength_title: str

    def as_props(self) -> dict[str, Any]:
        place = (self.region.x, self.region.y, self.region.w, self.region.h)
        return {"src": self.src, "region": place, "title": self.title, "strengthTitle": self.strength_title}


@dataclass(frozen=True, slots=True)
class Scene:
    """What a picture element shows; all lengths but `pixels` in pixels of the camera's frame.

    src: address of the JPEG on this server. frame: width, height. view: left, top, width, height of the part
    that is shown. pixels: width of the canvas at most.
    """

    src: str
    frame: tuple[int, int]
    view: tuple[float, float, float, float]
    region: Region | None
    boxes: tuple[Box, ...]
    pixels: int
    overlay: Overlay | None = None

    def as_props(self) -> dict[str, Any]:
        region = self.region and (self.region.x, self.region.y, self.region.w, self.region.h)
        boxes = [(box.x, box.y, box.w, box.h) for box in self.boxes]
        return {
            "src": self.src,
            "frame": self.frame,
            "view": self.view,
            "region": region,
            "boxes": boxes,
            "pixels": self.pixels,
            "overlay": self.overlay and self.overlay.as_props(),
        }


class PictureElement(ui.element, component="picture.js"):
    """Shows a scene; picture and boxes change in the same instant."""

    def __init__(self) -> None:
        super().__init__()
        self._scene: Scene | None = None

    def show(self, scene: Scene) -> None:
        if scene != self._scene:
            self._scene = scene
            self._props["scene"] = scene.as_props()
            self.update()


def whole(src: str, verdict: Verdict, pixels: int, overlay: Overlay | None = None) -> Scene:
    """The whole frame; the region is outlined only where it is less than the frame."""
    size = (verdict.frame_width, verdict.frame_height)
    region = verdict.region
    is_all = (region.x, region.y, region.w, region.h) == (0, 0, *size)
    return Scene(src, size, (0, 0, *size), None if is_all else region, verdict.boxes, pixels, overlay)


def unboxed(src: str, picture: Picture, pixels: int) -> Scene:
    """The whole frame of a picture without a verdict; nothing is placed on it, so its own pixels will do."""
    size = (picture.width, picture.height)
    return Scene(src, size, (0, 0, *size), None, (), pixels)


def closeup(src: str, verdict: Verdict, pixels: int) -> Scene:
    """The boxes with some surroundings, at a fixed aspect; the inspected region where there is no box."""
    frame_w, frame_h = verdict.frame_width, verdict.frame_height
    view = _widened(_around(verdict), frame_w, frame_h)
    return Scene(src, (frame_w, frame_h), view, None, verdict.boxes, pixels)


def _around(verdict: Verdict) -> tuple[float, float, float, float]:
    region = verdict.region
    if not verdict.boxes:
        return region.x, region.y, region.w, region.h
    left = min(box.x for box in verdict.boxes)
    top = min(box.y for box in verdict.boxes)
    right = max(box.x + box.w for box in verdict.boxes)
    bottom = max(box.y + box.h for box in verdict.boxes)
    margin = max(THUMBNAIL_MARGIN * max(right - left, bottom - top), 0.08 * verdict.frame_width)
    return left - margin, top - margin, right - left + 2 * margin, bottom - top + 2 * margin


def _widened(part: tuple[float, float, float, float], frame_w: int, frame_h: int) -> tuple[float, float, float, float]:
    """The part grown to the thumbnail's aspect and pushed back inside the frame."""
    left, top, width, height = part
    wide = min(max(width, height * THUMBNAIL_ASPECT), frame_w, frame_h * THUMBNAIL_ASPECT)
    high = wide / THUMBNAIL_ASPECT
    x = min(max(left + (width - wide) / 2, 0.0), frame_w - wide)
    y = min(max(top + (height - high) / 2, 0.0), frame_h - high)
    return round(x, 1), round(y, 1), round(wide, 1), round(high, 1)
