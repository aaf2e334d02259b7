"""The report's waterfall, as SVG: what each stage of the chain changed.

Text stays text, in the reader's own fonts, and colours are classes, which the page's style sheet fills in for light,
dark and print. The tree is built by ElementTree, which escapes whatever it is given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

from compress.metrics import Interval

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
    frame = _Frame.around(steps, axis)
    svg = Element("svg", {"viewBox": f"0 0 {_WIDTH:g} {_HEIGHT:g}", "role": "img", "aria-label": label})
    for tick in _ticks(frame.low, frame.high, axis):
        y = frame.y(tick)
        _line(svg, "grid", (_LEFT, y), (_WIDTH - _RIGHT, y))
        _text(svg, "tick", (_LEFT - 7, y + 3.5), f"{tick:g}")
    for index, step in enumerate(steps):
        before = steps[index - 1] if index else None
        _draw_step(svg, frame, (index, len(steps)), before, step, axis)
    return Markup(tostring(svg, encoding="unicode"))  # noqa: S704  (ElementTree has escaped it)


@dataclass(frozen=True, slots=True)
class _Frame:
    """From values to pixels, with room for the figures above and below the bars."""

    low: float
    high: float
    logarithmic: bool

    @classmethod
    def around(cls, steps: Sequence[Step], axis: Axis) -> _Frame:
        low, high = min(s.extent[0] for s in steps), max(s.extent[1] for s in steps)
        if axis.logarithmic:
            return cls(low / 1.1, high * 1.1, True)
        margin = 0.06 * (high - low) or 0.01
        return cls(low - margin, high + margin, False)

    def y(self, value: float) -> float:
        low, high, value = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(value)
        room = _HEIGHT - _TOP - _BOTTOM - 2 * _LABEL
        return _TOP + _LABEL + room * (high - value) / (high - low)


def _draw_step(
    svg: Element, frame: _Frame, place: tuple[int, int], before: Step | None, step: Step, axis: Axis
) -> None:
    index, count = place
    column = (_WIDTH - _LEFT - _RIGHT) / count
    centre, half = _LEFT + column * (index + 0.5), min(24.0, 0.31 * column)
    y = frame.y(step.value)
    top, bottom = frame.y(step.extent[1]), frame.y(step.extent[0])
    if before is not None:
        y_before = frame.y(before.value)
        top, bottom = min(top, y_before), max(bottom, y_before)
        _line(svg, "link", (centre - column + half, y_before), (centre - half, y_before))
        bar = {"x": centre - half, "y": min(y, y_before), "width": 2 * half, "height": abs(y - y_before)}
        SubElement(svg, "rect", {"class": _colour(before, step, axis)} | {k: f"{v:.1f}" for k, v in bar.items()})
    if step.interval is not None:
        _line(svg, "whisker", (centre, frame.y(step.interval.high)), (centre, frame.y(step.interval.low)))
    _line(svg, "level", (centre - half, y), (centre + half, y))
    _text(svg, "value", (centre, top - 7), step.text)
    _text(svg, "change", (centre, bottom + 14), step.change)
    _text(svg, "stage ships" if step.ships else "stage", (centre, _HEIGHT - 20), step.name)
    if step.ships:
        _text(svg, "ships", (centre, _HEIGHT - 5), "ships")


def _colour(before: Step, step: Step, axis: Axis) -> str:
    return "better" if (step.value > before.value) == axis.more_is_better else "worse"


def _ticks(low: float, high: float, axis: Axis) -> list[float]:
    """Round values inside the range: 1, 2 and 5 times powers of ten; on a long logarithmic axis the powers alone."""
    if axis.logarithmic:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        steps = (1, 2, 5) if high / low < 100 else (1,)
        return [m * 10.0**p for p in powers for m in steps if low <= m * 10.0**p <= high]
    rough = (high - low) / 3
    power = 10.0 ** math.floor(math.log10(rough))
    size = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    every = [round(size * i, 10) for i in range(math.ceil(low / size), math.floor(high / size) + 1)]
    return [tick for tick in every if tick <= axis.ceiling]


def _line(svg: Element, kind: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    ends = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}
    SubElement(svg, "line", {"class": kind} | {key: f"{value:.1f}" for key, value in ends.items()})


def _text(svg: Element, kind: str, at: tuple[float, float], text: str) -> None:
    SubElement(svg, "text", {"class": kind, "x": f"{at[0]:.1f}", "y": f"{at[1]:.1f}"}).text = text
