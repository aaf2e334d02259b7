"""The table at the end of a run: complete, and readable on 80 columns."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from compress.report.record import RunReport
from compress.report.table import print_table
from tests.compress.run_report import NO_GOOD, WITH_GOOD, make_report


def _printed(report: RunReport, width: int = 80) -> str:
    stream = io.StringIO()
    print_table(report, Console(file=stream, width=width))
    return stream.getvalue()


@pytest.mark.parametrize("classes", [WITH_GOOD, NO_GOOD])
@pytest.mark.parametrize("per_class", [7, 1200])
def test_eighty_columns_are_enough(classes: tuple[str, ...], per_class: int) -> None:
    """Nothing is cut, also where counts have four digits."""
    text = _printed(make_report(classes, per_class, sharpness=0.7))
    assert "…" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    assert all(stage in text for stage in ("teacher", "student", "pruned", "int8"))


def test_with_a_good_class_escapes_and_overkill_are_shown_with_intervals() -> None:
    """As counts of how many."""
    text = _printed(make_report(WITH_GOOD, per_class=101, sharpness=0.7))
    assert "steel on 202 test pictures" in text
    for figure in ("4 of 101", "1.6–9.7 %", "6 of 101", "2.8–12.4 %", "AUROC", "0.950", "0.921–0.980"):
        assert figure in text


def test_without_a_good_class_the_table_says_so() -> None:
    """And has no columns for what has no meaning."""
    text = _printed(make_report(NO_GOOD))
    assert "there is no good class, so it classifies only" in text
    assert "overkill" not in text.splitlines()[3]
    assert "AUROC" not in text.splitlines()[3]


def test_the_lines_below_say_what_ships_and_how_well_the_forms_agree() -> None:
    """In words, with the numbers of the record."""
    text = _printed(make_report(NO_GOOD), width=200)
    assert "int8, 18.8 times as fast as the teacher and 10.3 times smaller; int8 is 2.17 times as fast" in text
    assert "torch float and ONNX float: 0 of 240 decisions differ, max |Δp| 3e-7" in text
    assert "against float, 2 of 240 decisions differ, max |Δp| 0.083" in text
    assert "pixel AUROC 0.931, AUPRO 0.813 on 240 marked pictures" in text
    assert "nobody marked defects" in _printed(make_report(NO_GOOD, marked=False), width=200)


def test_a_name_is_never_taken_for_markup() -> None:
    """A folder may be called anything."""
    report = replace(make_report(NO_GOOD), name="[red]鋼板[/red] :smile:")
    assert "[red]鋼板[/red] :smile: on" in _printed(report)
