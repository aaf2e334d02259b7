"""The report's Pareto plot: every point that was tried, what it costs the factory against how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from compress.report.charts.svg import Scale, dot, finished, line, new_svg, path, text

_WIDTH, _HEIGHT = 560.0, 320.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 14.0, 14.0, 46.0
_DRAWN = ("tried", "front", "ships")  # what is drawn last is seen best


@dataclass(frozen=True, slots=True)
class Spot:
    """One model: milliseconds, its cost 0..1, what is said of it, whether nothing beats it, whether it ships."""

    name: str
    ms: float
    cost: float
    said: str
    on_front: bool = False
    ships: bool = False

    @property
    def kind(self) -> str:
        """The class of the style sheet."""
        return "ships" if self.ships else "front" if self.on_front else "tried"


def pareto(spots: Sequence[Spot], across: str, up: str, label: str) -> Markup:
    """Dots over logarithmic milliseconds; the front is joined by steps. across, up: what the axes measure."""
    x = Scale(min(s.ms for s in spots) / 1.3, max(s.ms for s in spots) * 1.3, _LEFT, _WIDTH - _RIGHT, True)
    highest = max(s.cost for s in spots)
    y = Scale(0.0, 1.1 * highest or 0.01, _HEIGHT - _BOTTOM, _TOP)
    svg = new_svg(_WIDTH, _HEIGHT, label)
    for tick in y.ticks():
        line(svg, "grid", (_LEFT, y.px(tick)), (_WIDTH - _RIGHT, y.px(tick)))
        text(svg, "tick", (_LEFT - 7, y.px(tick) + 3.5), f"{tick:.3g}")
    for tick in x.ticks():
        line(svg, "grid", (x.px(tick), _TOP), (x.px(tick), _HEIGHT - _BOTTOM))
        text(svg, "below", (x.px(tick), _HEIGHT - _BOTTOM + 16), f"{tick:g}")
    text(svg, "axis", ((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8), across)
    text(svg, "axis start", (_LEFT, _TOP - 3), up)
    front = sorted((s for s in spots if s.on_front), key=lambda s: s.ms)
    path(svg, "front", _stairs([(x.px(s.ms), y.px(s.cost)) for s in front]))
    for spot in sorted(spots, key=lambda s: _DRAWN.index(s.kind)):
        at = (x.px(spot.ms), y.px(spot.cost))
        dot(svg, spot.kind, at, 6.0 if spot.kind == "ships" else 4.5, f"{spot.name}: {spot.said}")
        if spot.kind != "tried":
            text(svg, "name", (at[0], at[1] - 10), spot.name)
    return finished(svg)


def _stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Between two points of a front lies nothing better than the worse of both."""
    stairs = list(points[:1])
    for x, y in points[1:]:
        stairs += [(x, stairs[-1][1]), (x, y)]
    return stairs
