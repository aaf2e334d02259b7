"""SVG for the report: text stays text in the reader's own fonts, and colours are classes of the page's style sheet.

The tree is built by ElementTree, which escapes whatever it is given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to pixels along one axis. logarithmic: equal lengths are equal factors; low must be above 0 then."""

    low: float
    high: float
    from_px: float
    to_px: float
    logarithmic: bool = False

    def px(self, value: float) -> float:
        """Values outside the range land on its nearer end."""
        low, high, value = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return self.from_px + (self.to_px - self.from_px) * (value - low) / (high - low)

    def ticks(self, ceiling: float = math.inf) -> list[float]:
        """Round values inside the range, none above `ceiling`."""
        return [tick for tick in round_values(self.low, self.high, self.logarithmic) if tick <= ceiling]


def new_svg(width: float, height: float, label: str) -> Element:
    """An empty figure. label: what it shows, for readers who cannot see it."""
    return Element("svg", {"viewBox": f"0 0 {width:g} {height:g}", "role": "img", "aria-label": label})


def finished(svg: Element) -> Markup:
    """The figure as it goes into the page."""
    return Markup(tostring(svg, encoding="unicode"))  # noqa: S704  (ElementTree has escaped it)


def round_values(low: float, high: float, logarithmic: bool) -> list[float]:
    """1, 2 and 5 times powers of ten between low and high; on a long logarithmic axis the powers alone."""
    if logarithmic:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        steps = (1, 2, 5) if high / low < 100 else (1,)
        return [m * 10.0**p for p in powers for m in steps if low <= m * 10.0**p <= high]
    rough = (high - low) / 3
    power = 10.0 ** math.floor(math.log10(rough))
    size = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    return [round(size * i, 10) for i in range(math.ceil(low / size), math.floor(high / size) + 1)]


def line(svg: Element, kind: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    ends = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}
    SubElement(svg, "line", {"class": kind} | {key: f"{value:.1f}" for key, value in ends.items()})


def text(svg: Element, kind: str, at: tuple[float, float], words: str) -> None:
    SubElement(svg, "text", {"class": kind, "x": f"{at[0]:.1f}", "y": f"{at[1]:.1f}"}).text = words


def path(svg: Element, kind: str, points: Sequence[tuple[float, float]]) -> None:
    """Straight lines from point to point."""
    SubElement(svg, "polyline", {"class": kind, "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points)})


def dot(svg: Element, kind: str, at: tuple[float, float], radius: float, title: str) -> None:
    """A dot that says `title` when pointed at."""
    circle = SubElement(svg, "circle", {"class": kind, "cx": f"{at[0]:.1f}", "cy": f"{at[1]:.1f}", "r": f"{radius:g}"})
    SubElement(circle, "title").text = title
