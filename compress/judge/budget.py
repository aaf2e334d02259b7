"""Points held against the budget, in the factory's own terms: escapes and overkill.

A point is a model with its rule fitted on validation; the test split is not read before one has been chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from compress.data.dataset import Dataset
from compress.data.pictures import Pictures
from compress.errors import BudgetError
from compress.good_parts.unknown import knows_defects
from compress.judge.answers import Answers
from compress.judge.evaluate import fit_rule, score
from compress.judge.point import Budget, Point

INT8_DROP = 0.005  # macro-F1 that int8 may lose against float and still be preferred, where no limit was given


def demand_meaning(budget: Budget, dataset: Dataset) -> None:
    """Raises BudgetError where a limit has no meaning for this data, before any work is done."""
    if not dataset.has_good and (budget.max_escape is not None or budget.max_overkill is not None):
        raise BudgetError(
            "--max-escape and --max-overkill need a class of good parts, and this data has none: every part counts as "
            "defective; add pictures of good parts, or leave the two out"
        )
    if dataset.only_good and budget.max_escape is not None:
        raise BudgetError(
            "--max-escape cannot be kept without a defect to tune on, and here only good parts teach; leave it out, "
            "or let defects teach with --defects teach"
        )


def make_point(
    name: str, precision: str, ms: float, dataset: Dataset, val: Pictures, answers: Answers, budget: Budget
) -> Point:
    """A model's point: its rule under the budget's limits, or, where none keeps them, the best rule without.

    val: `compress.good_parts.made_up.validation`'s where no defect is known.
    """
    missed: tuple[str, ...] = ()
    try:
        rule = fit_rule(dataset, val, answers, budget.max_escape, budget.max_overkill)
    except BudgetError as error:
        rule, missed = fit_rule(dataset, val, answers), (str(error),)
    found, ok_ng = score(dataset, val, answers, rule)
    escape, overkill = (ok_ng.escape, ok_ng.overkill) if ok_ng else (None, None)
    if knows_defects(dataset):
        return Point(name, precision, ms, found.macro_f1, escape, overkill, rule, missed)
    return Point(name, precision, ms, found.macro_f1, None, overkill, rule, missed, ok_ng.auroc if ok_ng else None)


def held_against(points: Sequence[Point], budget: Budget) -> tuple[Point, ...]:
    """The points with all their shortfalls; the first one is what `max_drop` counts from."""
    return tuple(replace(p, shortfalls=(*p.shortfalls, *_missed(p, points[0], budget))) for p in points)


def _missed(point: Point, reference: Point, budget: Budget) -> list[str]:
    drop = reference.quality - point.quality
    missed = []
    if budget.max_drop is not None and drop > budget.max_drop:
        missed.append(f"{point.measure} is {drop:.3f} below {reference.name}'s, {budget.max_drop:g} is allowed")
    if budget.latency_ms is not None and point.ms > budget.latency_ms:
        missed.append(f"{point.ms:.2f} ms a frame, {budget.latency_ms:g} ms are allowed")
    return missed


def choose(floating: Point, int8: Point) -> tuple[Point, str]:
    """What ships of the two, and why: within the budget first, then int8 where it is faster and costs next to nothing.

    Where neither keeps the budget the nearer one is returned; the caller looks at its shortfalls.
    """
    gain, drop = floating.ms / int8.ms, floating.quality - int8.quality
    compared = f"int8 is {gain:.2f} times as fast here and loses {max(drop, 0):.3f} {int8.measure} on validation"
    if bool(floating.shortfalls) != bool(int8.shortfalls):
        kept, missed = (int8, floating) if floating.shortfalls else (floating, int8)
        return kept, f"only {kept.precision} keeps the budget ({missed.precision}: {missed.shortfalls[0]})"
    if gain <= 1.0:
        return floating, f"int8 is not faster here ({int8.ms:.2f} ms against {floating.ms:.2f} ms)"
    if drop > INT8_DROP and len(int8.shortfalls) >= len(floating.shortfalls):
        return floating, f"int8 loses {drop:.3f} {int8.measure} on validation, more than {INT8_DROP:g}"
    return int8, compared


def nearest(points: Sequence[Point]) -> Point:
    """The point that misses least: fewest shortfalls, then escapes and overkill together, then macro-F1."""

    def misses(point: Point) -> tuple[int, float, float]:
        rates = [rate.value for rate in (point.escape, point.overkill) if rate is not None]
        return len(point.shortfalls), float(np.sum(rates)), -point.quality

    return min(points, key=misses)


def unreachable(points: Sequence[Point], budget: Budget) -> BudgetError:
    """The sentence for a budget that no point keeps: what is nearest, what it misses, and what to do."""
    best = nearest(points)
    return BudgetError(
        f"no model found here keeps the budget ({budget.said}); the nearest is {best.name} with {best.said}: "
        f"{'; '.join(best.shortfalls)}. Relax a limit, add pictures, try --explore or --student large, "
        "or pack it all the same with --pack-anyway"
    )


def pareto_front(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points that no other beats in both time and quality, fastest first.

    Quality is what the factory pays for: escapes and overkill together where both can be counted, else `Point.quality`.
    """
    front: list[Point] = []
    for point in sorted(points, key=lambda p: (p.ms, cost(p))):
        if not front or cost(point) < cost(front[-1]):
            front.append(point)
    return tuple(front)


def cost(point: Point) -> float:
    """Escape rate plus overkill rate; where one of them cannot be counted, one less `quality`."""
    if point.escape is None or point.overkill is None:
        return 1.0 - point.quality
    return point.escape.value + point.overkill.value
