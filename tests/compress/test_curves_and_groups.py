"""Precision-recall curves and the table of groups, against figures worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from compress.judge.by_group import GroupScore, by_group
from compress.judge.curves import curve


def test_a_curve_by_hand() -> None:
    """Two of three defects above all good parts; at 0.5 two are found, and nothing else."""
    score_N, true_N = np.array([0.9, 0.8, 0.4, 0.3, 0.1]), np.array([True, True, False, True, False])
    found = curve("defective", score_N, true_N, 0.5)
    assert found is not None
    assert found.points[0] == (0.0, 1.0)
    assert (0.6667, 1.0) in found.points
    assert found.points[-1] == (1.0, 0.6)
    assert found.working_point == pytest.approx((2 / 3, 1.0))
    assert found.average_precision == pytest.approx((1 + 1 + 3 / 4) / 3)


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    """A page of ten thousand points shows no more than two hundred."""
    rng = np.random.default_rng(0)
    true_N = rng.random(10_000) < 0.3
    found = curve("x", rng.random(10_000) + 0.5 * true_N, true_N)
    assert found is not None
    assert 50 < len(found.points) <= 161
    assert found.points[0][0] == 0.0
    assert found.points[-1][0] == 1.0
    assert [r for r, _ in found.points] == sorted(r for r, _ in found.points)


def test_no_curve_without_both_kinds() -> None:
    """Nothing to tell apart."""
    assert curve("x", np.array([0.1, 0.2]), np.array([True, True])) is None


def test_groups_worst_first() -> None:
    """A group that fails as a whole stands on top, with what its mistakes cost."""
    true_N, decided_N = np.array([0, 0, 1, 1, 0, 1]), np.array([0, 1, 1, 0, 0, 0])
    good_N, passed_N = true_N == 0, decided_N == 0
    found = by_group(["a", "a", "a", "b", "c", "b"], true_N, decided_N, good_N, passed_N)
    assert found == (GroupScore("b", 2, 2, 2, 0), GroupScore("a", 3, 1, 0, 1), GroupScore("c", 1, 0, 0, 0))


def test_groups_of_one_picture_make_no_table() -> None:
    """Nor does a single group."""
    one = np.zeros(3, np.int64)
    yes = np.ones(3, np.bool_)
    assert by_group(["a", "b", "c"], one, one, yes, yes) == ()
    assert by_group(["a", "a", "a"], one, one, yes, yes) == ()
