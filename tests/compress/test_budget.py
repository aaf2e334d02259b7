"""What ships under a budget: points held against limits, the choice, the front, and the sentence when nothing fits."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from compress.errors import BudgetError
from compress.judge.budget import choose, cost, held_against, nearest, pareto_front, unreachable
from compress.judge.metrics import rate
from compress.judge.point import Budget, Point
from edge.bundle.manifest import Decision

RULE = Decision(0.5, 0.5, 0.5)
STUDENT = Point("student", "float32", 3.0, 0.98, rate(1, 100), rate(1, 100), RULE)
PRUNED = replace(STUDENT, name="pruned", ms=2.0, macro_f1=0.975)
INT8 = replace(PRUNED, name="int8", precision="int8", ms=1.0, macro_f1=0.972)

points = st.lists(
    st.builds(
        lambda ms, escapes, overkill: replace(STUDENT, ms=ms, escape=rate(escapes, 50), overkill=rate(overkill, 50)),
        st.floats(0.1, 50.0),
        st.integers(0, 50),
        st.integers(0, 50),
    ),
    min_size=1,
    max_size=12,
)


def test_limits_on_time_and_drop_name_what_is_missed() -> None:
    """The drop counts from the first point; every missed limit is said with both numbers."""
    held = held_against((STUDENT, PRUNED, INT8), Budget(max_drop=0.006, latency_ms=1.5))
    assert [len(p.shortfalls) for p in held] == [1, 1, 1]
    assert held[1].shortfalls == ("2.00 ms a frame, 1.5 ms are allowed",)
    assert held[2].shortfalls == ("macro-F1 is 0.008 below student's, 0.006 is allowed",)


def test_int8_ships_where_it_is_faster_and_costs_next_to_nothing() -> None:
    """And float where it is not faster, or loses more than is said."""
    assert choose(PRUNED, INT8)[0] is INT8
    slow, lossy = replace(INT8, ms=2.1), replace(INT8, macro_f1=0.9)
    assert choose(PRUNED, slow) == (PRUNED, "int8 is not faster here (2.10 ms against 2.00 ms)")
    shipped, why = choose(PRUNED, lossy)
    assert shipped is PRUNED
    assert why == "int8 loses 0.075 macro-F1 on validation, more than 0.005"


def test_the_budget_comes_before_speed() -> None:
    """A faster model that lets too much pass does not ship while the other keeps the limit."""
    leaky = replace(INT8, shortfalls=("no threshold keeps escapes at or below 1.0%",))
    shipped, why = choose(PRUNED, leaky)
    assert shipped is PRUNED
    assert "only float32 keeps the budget" in why
    late = replace(PRUNED, shortfalls=("2.00 ms a frame, 1.5 ms are allowed",))
    assert choose(late, replace(INT8, macro_f1=0.9))[0].name == "int8"


def test_a_budget_nothing_keeps_says_the_nearest_and_what_to_do() -> None:
    """One sentence with the exit code of its own."""
    held = held_against((STUDENT, PRUNED, INT8), Budget(latency_ms=0.5, max_drop=0.006))
    error = unreachable(held, Budget(latency_ms=0.5, max_drop=0.006))
    assert isinstance(error, BudgetError)
    assert error.exit_code == 8
    assert nearest(held).name == "student"
    for part in ("at most 0.5 ms a frame", "nearest is student", "3.00 ms a frame, 0.5 ms are allowed", "--explore"):
        assert part in str(error)


@given(points)
def test_nothing_beats_the_front(tried: list[Point]) -> None:
    """Every tried point is matched or beaten by one on the front in both time and cost; no front point is beaten."""
    front = pareto_front(tried)
    for point in tried:
        assert any(f.ms <= point.ms and cost(f) <= cost(point) for f in front)
    assert all(a.ms < b.ms and cost(a) > cost(b) for a, b in itertools.pairwise(front))
