"""Where something is: on the picture, in pixels of the camera's frame, and on the part, in millimetres."""

from __future__ import annotations

import msgspec

from edge.quantities import Amount, Count, Pixels, Share


class Millimetres(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place on the part: left, top, width, height in millimetres from the frame's upper left corner."""

    x: Amount
    y: Amount
    w: Amount
    h: Amount


class Box(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A defect's place: left, top, width, height in pixels of the camera's frame. `score`: the map's peak.

    `mm`: the same in millimetres, where the camera has a scale (`px_per_mm`).
    """

    x: Count
    y: Count
    w: Pixels
    h: Pixels
    score: Share
    mm: Millimetres | None = None


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The part of the frame that was inspected, in pixels of the camera's frame."""

    x: Count
    y: Count
    w: Pixels
    h: Pixels


def in_millimetres(box: Box, px_per_mm: float) -> Millimetres:
    """A box's place on the part, to a hundredth."""
    return Millimetres(*(round(px / px_per_mm, 2) for px in (box.x, box.y, box.w, box.h)))
