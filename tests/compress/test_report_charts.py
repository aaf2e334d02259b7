"""The waterfall is SVG whose bars say what the numbers say."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from compress.judge.metrics import Interval
from compress.report.charts.waterfall import Axis, Step, waterfall

COSTS = (Step("teacher", 100.0, "100"), Step("student", 10.0, "10.0", "÷ 10.0"), Step("int8", 1.0, "1.00", "÷ 10.0"))
COST_AXIS = Axis(logarithmic=True, more_is_better=False)
QUALITY_AXIS = Axis(logarithmic=False, more_is_better=True, ceiling=1.0)


def _drawn(steps: tuple[Step, ...], axis: Axis) -> Element:
    svg: Element = fromstring(waterfall(steps, axis, "what it shows"))
    return svg


def _texts(svg: Element, kind: str) -> list[str]:
    return [text.text or "" for text in svg.iter("text") if text.get("class") == kind]


def test_equal_factors_are_equally_high() -> None:
    """A tenth of a hundred and a tenth of ten: the same height on a logarithmic axis, both for the better."""
    bars = list(_drawn(COSTS, COST_AXIS).iter("rect"))
    assert [bar.get("class") for bar in bars] == ["better", "better"]
    assert float(bars[0].get("height", 0)) == pytest.approx(float(bars[1].get("height", 0)), abs=0.2)


def test_a_bar_starts_where_the_stage_before_ended() -> None:
    """The second bar's top is the first bar's bottom."""
    first, second = ({key: float(bar.get(key, 0)) for key in ("y", "height")} for bar in _bars(COSTS))
    assert second["y"] == pytest.approx(first["y"] + first["height"], abs=0.2)


def _bars(steps: tuple[Step, ...]) -> list[Element]:
    return list(_drawn(steps, COST_AXIS).iter("rect"))


@pytest.mark.parametrize(("value", "colour"), [(0.90, "worse"), (0.99, "better")])
def test_less_quality_is_for_the_worse(value: float, colour: str) -> None:
    """And more is for the better, as a student may surpass its teacher."""
    steps = (Step("teacher", 0.95, "0.950"), Step("student", value, str(value), interval=Interval(0.85, 1.0)))
    svg = _drawn(steps, QUALITY_AXIS)
    assert [bar.get("class") for bar in svg.iter("rect")] == [colour]
    assert [line.get("class") for line in svg.iter("line")].count("whisker") == 1
    assert all(float(tick) <= 1.0 for tick in _texts(svg, "tick"))


@pytest.mark.parametrize("axis", [COST_AXIS, QUALITY_AXIS])
def test_a_chain_that_changes_nothing_can_be_drawn(axis: Axis) -> None:
    """All values equal: no height to divide by."""
    steps = (Step("teacher", 1.0, "1.000"), Step("int8", 1.0, "1.000", "0", ships=True))
    svg = _drawn(steps, axis)
    assert _texts(svg, "value") == ["1.000", "1.000"]
    assert [bar.get("height") for bar in svg.iter("rect")] == ["0.0"]


def test_names_are_text_and_the_figure_can_be_heard() -> None:
    """Markup in a name stays a name; a label says what is drawn."""
    svg = _drawn((Step("<b>teacher</b> & 教師", 2.0, "2"), Step("x", 1.0, "1", ships=True)), COST_AXIS)
    assert _texts(svg, "stage") == ["<b>teacher</b> & 教師"]
    assert _texts(svg, "stage ships") == ["x"]
    assert svg.get("aria-label") == "what it shows"
