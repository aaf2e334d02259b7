"""Frames into triggers: what of a frame is judged."""

from __future__ import annotations

from camera.pattern import PatternSource, pattern_options
from edge.geometry import Region
from edge.line.triggers import EveryPart, Spot


def spots(*finders: EveryPart) -> list[list[Spot]]:
    """What each finder finds in the same four seconds of a simulated line."""
    source = PatternSource("belt", pattern_options("?fps=0&seed=3&speed=600"))
    source.open()
    found: list[list[Spot]] = [[] for _ in finders]
    for _ in range(100):
        frame = source.read(10.0)
        for finder, list_ in zip(finders, found, strict=True):
            list_ += finder.find(frame)
    source.close()
    return [list_ + finder.finish() for finder, list_ in zip(finders, found, strict=True)]


def test_a_margin_below_zero_leaves_out_the_edge_of_each_part() -> None:
    """Where the pictures of training showed no belt, none is judged."""
    tight, inner = spots(EveryPart(None), EveryPart(None, margin=-0.25))
    assert len(tight) == len(inner) > 2
    for a, b in zip(tight, inner, strict=True):
        assert a.region is not None
        x, y = round(a.region.w * 0.25), round(a.region.h * 0.25)
        assert b.region == Region(a.region.x + x, a.region.y + y, a.region.w - 2 * x, a.region.h - 2 * y)


def test_a_margin_widens_each_part_on_every_side_and_stops_at_the_frame() -> None:
    """The same parts are found; 0.1 of its size is added all round, and a margin of 1 never leaves the frame."""
    tight, wide, whole = spots(EveryPart(None), EveryPart(None, margin=0.1), EveryPart(None, margin=1.0))
    assert len(tight) == len(wide) == len(whole) > 2
    for a, b in zip(tight, wide, strict=True):
        assert a.region is not None
        x, y = round(a.region.w * 0.1), round(a.region.h * 0.1)
        assert b.region == Region(a.region.x - x, a.region.y - y, a.region.w + 2 * x, a.region.h + 2 * y)
        assert (a.frame.seq, a.frame.wall_ns) == (b.frame.seq, b.frame.wall_ns)
    for spot in whole:
        region = spot.region
        assert region is not None
        assert region.y == 0
        assert (region.h, region.x + region.w <= 640) == (480, True)
