"""Numbers for people: rounded so that they never claim more than was measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compress.judge.metrics import Interval, rate
from compress.report import numerals


@given(st.floats(0.0, 1.0))
def test_only_a_perfect_score_reads_as_one(value: float) -> None:
    """0.99996 is not 1.000."""
    assert (numerals.score(value) == "1.000") == (value == 1.0)
    assert float(numerals.score(value)) == pytest.approx(value, abs=0.001)


def test_what_has_no_value_is_a_dash() -> None:
    """A measure that has no meaning here is not zero."""
    assert numerals.score(None) == numerals.amount(None) == numerals.of_total(None) == "—"
    assert numerals.rate_interval(None) == ""


def test_rates_come_as_counts_and_percents() -> None:
    """The counts say more than the rate alone."""
    assert numerals.of_total(rate(2, 1010)) == "2 of 1,010"
    assert numerals.rate_interval(rate(2, 101)) == "0.5–6.9 %"
    assert numerals.score_interval(Interval(0.967, 0.9931)) == "0.967–0.993"
    assert numerals.score_interval(Interval(1.0, 1.0)) == "no mistake"
    assert numerals.score_interval(Interval(0.8, 0.8)) == "no interval"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.00"), (0.859, "0.86"), (9.996, "10.0"), (24.61, "24.6"), (99.96, "100"), (1310, "1,310")],
)
def test_three_digits(value: float, text: str) -> None:
    """Enough to compare, none to spare."""
    assert numerals.three_digits(value) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999, "999"), (611_020, "611 k"), (2_223_872, "2.22 M"), (149_620_737, "150 M")]
)
def test_amounts(count: int, text: str) -> None:
    """Parameters and multiply-adds."""
    assert numerals.amount(count) == text


@pytest.mark.parametrize(("value", "text"), [(-0.0012, "−0.0012"), (0.01, "+0.0100"), (1e-6, "0"), (-1e-6, "0")])
def test_changes_carry_their_sign(value: float, text: str) -> None:
    """And none where there is nothing to see."""
    assert numerals.change(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (3.1e-7, "3e-7"), (0.0834, "0.083"), (0.001, "0.001")])
def test_tiny_differences(value: float, text: str) -> None:
    """As people write them."""
    assert numerals.tiny(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.42, "0.4 s"), (9.97, "10 s"), (59.6, "1 min 00 s"), (151.2, "2 min 31 s"), (3720, "1 h 02 min")],
)
def test_durations(seconds: float, text: str) -> None:
    """Never 60 seconds to a minute."""
    assert numerals.duration(seconds) == text
