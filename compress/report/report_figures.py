"""The figures of the report, from the record to the charts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from markupsafe import Markup

from compress.judge.budget import cost, pareto_front
from compress.report import numerals
from compress.report.charts.curve import Line, precision_recall
from compress.report.charts.scatter import Spot, pareto
from compress.report.charts.waterfall import Axis, Step, waterfall
from compress.report.record import RunReport, StageRow


def waterfalls(report: RunReport) -> tuple[tuple[str, Markup], ...]:
    """The waterfalls, each with its title."""
    return (
        ("Macro-F1 on the test split, with 95 % intervals", _quality_figure(report)),
        ("Milliseconds per frame, one thread", _cost_figure(report, "milliseconds per frame", "ms")),
        ("Megabytes", _cost_figure(report, "size in megabytes", "megabytes")),
    )


def _quality_figure(report: RunReport) -> Markup:
    before: StageRow | None = None
    steps = []
    for row in report.rows:
        found = row.classification
        change = numerals.change(found.macro_f1 - before.classification.macro_f1) if before else ""
        steps.append(_step(report, row, found.macro_f1, numerals.score(found.macro_f1), change))
        before = row
    with_intervals = [
        Step(s.name, s.value, s.text, s.change, s.ships, row.classification.macro_f1_interval)
        for s, row in zip(steps, report.rows, strict=True)
    ]
    return waterfall(with_intervals, Axis(False, True, ceiling=1.0), _spoken("macro-F1", with_intervals))


def _cost_figure(report: RunReport, what: str, field: Literal["ms", "megabytes"]) -> Markup:
    values = [float(getattr(row, field)) for row in report.rows]
    factors = ["", *(_factor(a, b) for a, b in pairwise(values))]
    steps = [
        _step(report, row, value, numerals.three_digits(value), factor)
        for row, value, factor in zip(report.rows, values, factors, strict=True)
    ]
    return waterfall(steps, Axis(True, False), _spoken(what, steps))


def _step(report: RunReport, row: StageRow, value: float, text: str, change: str) -> Step:
    return Step(row.name, value, text, change, ships=row is report.shipped_row)


def _factor(before: float, after: float) -> str:
    """`÷ 8.1` or `× 1.2`."""
    return (
        f"÷ {numerals.three_digits(before / after)}"
        if after <= before
        else f"× {numerals.three_digits(after / before)}"
    )


def _spoken(what: str, steps: Sequence[Step]) -> str:
    return f"{what}: " + ", ".join(f"{s.name} {s.text}" for s in steps)


def pareto_figure(report: RunReport) -> Markup | None:
    """Every point that was judged on validation, the explored ones too; None where the record has none."""
    points = (*report.points, *report.explored)
    if not points:
        return None
    if any(point.auroc is not None for point in points):  # made-up defects, which the teacher was not shown
        points = tuple(point for point in points if point.auroc is not None)
    front = set(map(id, pareto_front(points)))
    ships = report.shipped_row.name
    spots = [
        Spot(point.name, point.ms, cost(point), point.said, id(point) in front, point.name == ships) for point in points
    ]
    up = "escape rate + overkill rate" if points[0].escape is not None else f"1 − {points[0].measure}"
    return pareto(spots, "milliseconds per frame, one thread", up, f"{len(points)} models: {up} over milliseconds")


def curve_figure(report: RunReport) -> Markup | None:
    """Precision over recall of the shipped model; None where the record has no curve."""
    if not report.curves:
        return None
    lines = [Line(c.name, c.points, c.working_point) for c in report.curves]
    said = ", ".join(f"{c.name} {numerals.score(c.average_precision)}" for c in report.curves)
    return precision_recall(lines, f"precision over recall; average precision: {said}")
