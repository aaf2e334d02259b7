"""The report's precision-recall curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from compress.report.charts.svg import Scale, dot, finished, line, new_svg, path, text

_SIDE = 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 42.0, 8.0, 14.0, 40.0
_COLOURS = 8  # classes `c0` to `c7` of the style sheet


@dataclass(frozen=True, slots=True)
class Line:
    """A curve of (recall, precision) pairs, 0..1. working_point: where the shipped rule stands on it, if it does."""

    name: str
    points: Sequence[tuple[float, float]]
    working_point: tuple[float, float] | None = None


def colour_of(index: int) -> str:
    """The style sheet's class for curve number `index`; beyond the eighth all are grey."""
    return f"c{index}" if index < _COLOURS else "rest"


def precision_recall(lines: Sequence[Line], label: str) -> Markup:
    """Precision over recall, both from 0 to 1."""
    x = Scale(0.0, 1.0, _LEFT, _SIDE - _RIGHT)
    y = Scale(0.0, 1.0, _SIDE - _BOTTOM, _TOP)
    svg = new_svg(_SIDE, _SIDE, label)
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        line(svg, "grid", (_LEFT, y.px(tick)), (_SIDE - _RIGHT, y.px(tick)))
        line(svg, "grid", (x.px(tick), _TOP), (x.px(tick), _SIDE - _BOTTOM))
        text(svg, "tick", (_LEFT - 7, y.px(tick) + 3.5), f"{tick:g}")
        text(svg, "below", (x.px(tick), _SIDE - _BOTTOM + 15), f"{tick:g}")
    text(svg, "axis", ((_LEFT + _SIDE - _RIGHT) / 2, _SIDE - 8), "recall")
    text(svg, "axis start", (_LEFT, _TOP - 3), "precision")
    for index, one in enumerate(lines):
        path(svg, f"curve {colour_of(index)}", [(x.px(recall), y.px(precision)) for recall, precision in one.points])
    for index, one in enumerate(lines):
        if one.working_point is not None:
            recall, precision = one.working_point
            said = f"{one.name}: recall {recall:.3f}, precision {precision:.3f} at the fitted threshold"
            dot(svg, f"point {colour_of(index)}", (x.px(recall), y.px(precision)), 4.0, said)
    return finished(svg)
