"""Exploring sizes and shares, and budgets that cannot be kept: whole small runs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from compress.errors import BudgetError
from compress.judge.budget import cost
from compress.judge.point import Budget
from compress.pipeline import compress
from compress.progress import SilentReporter
from tests.compress.conftest import FinishedRun
from tests.compress.small_run import SMALL

pytestmark = pytest.mark.slow


@pytest.fixture
def started(finished_run: FinishedRun, tmp_path: Path) -> Path:
    """`out` of a run that has looked at the pictures and taught the medium student."""
    shutil.copytree(finished_run.work, tmp_path / "out.work")
    return tmp_path / "out"


def test_exploring_tries_every_size_and_goes_on_with_the_one_that_costs_least(
    finished_run: FinishedRun, started: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three sizes, whole and halved, in float and int8; the front is said, and the report has every point."""
    monkeypatch.setattr("compress.explore.SHARES", (0.0, 0.5))
    reporter = SilentReporter()
    recipe = replace(SMALL, steps=4, explore=True)
    _, report = compress(str(finished_run.teacher), finished_run.data, started, recipe, reporter)
    assert len(report.explored) == 12
    assert {point.name.split(" ")[0] for point in report.explored} == {"small", "medium", "large"}
    assert any(line.startswith("what nothing beats in both time and quality") for line in reporter.lines)
    best = min(report.explored, key=lambda p: (cost(p), p.ms)).name.split(" ")[0]
    assert (started.with_name("out.work") / f"2-distil-{best}").is_dir()
    assert report.shipped_row.parameters is not None
    page = (started / "report.html").read_text(encoding="utf-8")
    assert "12 more models were tried" in page
    assert page.count("<circle") >= 16


def test_a_budget_out_of_reach_packs_nothing_unless_told_to(finished_run: FinishedRun, started: Path) -> None:
    """No student runs in a nanosecond: the nearest point is named, nothing is packed; with --pack-anyway it is."""
    reporter = SilentReporter()
    recipe = replace(SMALL, steps=4, recover_steps=2, budget=Budget(max_escape=1.0, latency_ms=1e-6))
    with pytest.raises(BudgetError, match="the nearest is") as caught:
        compress(str(finished_run.teacher), finished_run.data, started, recipe, reporter)
    assert caught.value.exit_code == 8
    assert "1e-06 ms are allowed" in str(caught.value)
    assert not started.exists()
    for stage in ("teacher", "student", "pruned", "int8"):
        assert any(line.startswith(f"{stage}: ") and "macro-F1" in line for line in reporter.lines)
    again = replace(recipe, pack_anyway=True)
    bundle, report = compress(str(finished_run.teacher), finished_run.data, started, again, SilentReporter())
    assert bundle.path == started
    assert any(point.shortfalls for point in report.points)
