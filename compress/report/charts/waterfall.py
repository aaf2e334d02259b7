"""The report's waterfall: what each stage of the chain changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from markupsafe import Markup

from compress.judge.metrics import Interval
from compress.report.charts.svg import Scale, finished, line, new_svg, text

_WIDTH, _HEIGHT = 330.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 42.0, 4.0, 12.0, 42.0
_LABEL = 22.0  # room for a figure above or below a bar


@dataclass(frozen=True, slots=True)
class Step:
    """One stage: its value with its text, the text of the change from the stage before, and whether it ships."""

    name: str
    value: float
    text: str
    change: str = ""
    ships: bool = False
    interval: Interval | None = None

    @property
    def extent(self) -> tuple[float, float]:
        """The lowest and the highest value to draw."""
        if self.interval is None:
            return self.value, self.value
        return min(self.value, self.interval.low), max(self.value, self.interval.high)


@dataclass(frozen=True, slots=True)
class Axis:
    """How values become heights. logarithmic: equal heights are equal factors. ceiling: no tick lies above it."""

    logarithmic: bool
    more_is_better: bool
    ceiling: float = math.inf


def waterfall(steps: Sequence[Step], axis: Axis, label: str) -> Markup:
    """One bar per stage from the value before to its own; whiskers where a step has an interval.

    label: what the figure shows, for readers who cannot see it.
    """
    scale = _scale(steps, axis)
    svg = new_svg(_WIDTH, _HEIGHT, label)
    for tick in scale.ticks(axis.ceiling):
        y = scale.px(tick)
        line(svg, "grid", (_LEFT, y), (_WIDTH - _RIGHT, y))
        text(svg, "tick", (_LEFT - 7, y + 3.5), f"{tick:g}")
    for index, step in enumerate(steps):
        before = steps[index - 1] if index else None
        _draw_step(svg, scale, (index, len(steps)), before, step, axis)
    return finished(svg)


def _scale(steps: Sequence[Step], axis: Axis) -> Scale:
    """From values to heights, with room for the figures above and below the bars."""
    low, high = min(s.extent[0] for s in steps), max(s.extent[1] for s in steps)
    margin = 0.06 * (high - low) or 0.01
    low, high = (low / 1.1, high * 1.1) if axis.logarithmic else (low - margin, high + margin)
    return Scale(low, high, _HEIGHT - _BOTTOM - _LABEL, _TOP + _LABEL, axis.logarithmic)


def _draw_step(svg: Element, scale: Scale, place: tuple[int, int], before: Step | None, step: Step, axis: Axis) -> None:
    index, count = place
    column = (_WIDTH - _LEFT - _RIGHT) / count
    centre, half = _LEFT + column * (index + 0.5), min(24.0, 0.31 * column)
    y = scale.px(step.value)
    top, bottom = scale.px(step.extent[1]), scale.px(step.extent[0])
    if before is not None:
        y_before = scale.px(before.value)
        top, bottom = min(top, y_before), max(bottom, y_before)
        line(svg, "link", (centre - column + half, y_before), (centre - half, y_before))
        bar = {"x": centre - half, "y": min(y, y_before), "width": 2 * half, "height": abs(y - y_before)}
        SubElement(svg, "rect", {"class": _colour(before, step, axis)} | {k: f"{v:.1f}" for k, v in bar.items()})
    if step.interval is not None:
        line(svg, "whisker", (centre, scale.px(step.interval.high)), (centre, scale.px(step.interval.low)))
    line(svg, "level", (centre - half, y), (centre + half, y))
    text(svg, "value", (centre, top - 7), step.text)
    text(svg, "change", (centre, bottom + 14), step.change)
    text(svg, "stage ships" if step.ships else "stage", (centre, _HEIGHT - 20), step.name)
    if step.ships:
        text(svg, "ships", (centre, _HEIGHT - 5), "ships")


def _colour(before: Step, step: Step, axis: Axis) -> str:
    return "better" if (step.value > before.value) == axis.more_is_better else "worse"
