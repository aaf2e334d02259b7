"""The soak's own sums: what is owed must show, and what grows must show. The soak itself runs in CI by `make soak`."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.soak import main
from benchmarks.soak_parts.account import Debt, Place, debt_of
from benchmarks.soak_parts.gauge import Sample, growth, slope_mb_h
from edge.requests.messages import Mark
from tests.e2e.reader_process import lines_in, position_in

STORED: list[Place] = [("left", "a", 0), ("left", "a", 1), ("left", "b", 0), ("right", "a", 0)]


def test_a_clean_soak_owes_nothing() -> None:
    """Two readers with all of it, in whatever order."""
    assert debt_of(STORED, [STORED, STORED[::-1]]) == Debt(0, 0, 0, 0)


def test_each_debt_is_told_from_the_others() -> None:
    """One reader lacks a verdict, one has one twice, and one that is not stored; the store skips two numbers."""
    gap: list[Place] = [*STORED, ("left", "b", 3)]
    heard: list[list[Place]] = [gap[1:], [*gap, gap[0], ("left", "c", 0)]]
    assert debt_of(gap, heard) == Debt(missing=1, duplicates=1, not_stored=1, gaps=2)


def test_the_slope_is_common_to_processes_of_different_size() -> None:
    """Two processes that each gain 0.01 MB a second gain 36 MB an hour, whatever their level."""
    lives = [[(float(s), 50 + s / 100) for s in range(60)], [(float(s), 200 + s / 100) for s in range(90, 120)]]
    assert slope_mb_h(lives) == pytest.approx(36)
    assert slope_mb_h([[(0.0, 10.0)]]) == 0


@pytest.mark.parametrize(
    ("files", "leaks"), [([30] * 20, False), ([30, 28, 32] * 7, False), (list(range(30, 50)), True)]
)
def test_a_leak_is_told_from_coming_and_going(files: list[int], leaks: bool) -> None:
    """Only what stays counts."""
    samples = [Sample(2.0 * n, 100, {7: 50}, count, 12) for n, count in enumerate(files)]
    assert growth(samples).is_leaking is leaks


def test_a_readers_log_says_where_to_go_on(tmp_path: Path) -> None:
    """Behind the last whole line of each topic; a line that was cut off is asked for again."""
    log = tmp_path / "reader.log"
    log.write_text("verdict/l/a e1 0 1.5\nverdict/l/b e1 7 2.0\nverdict/l/a e1 1 1.5\nverdict/l/a e1", encoding="utf-8")
    assert position_in(lines_in(log)) == {"verdict/l/a": Mark("e1", 2), "verdict/l/b": Mark("e1", 8)}


def test_a_soak_that_is_too_short_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With what is allowed."""
    with pytest.raises(SystemExit):
        main(["--minutes", "0.5"])
    assert "at least 2" in capsys.readouterr().err
