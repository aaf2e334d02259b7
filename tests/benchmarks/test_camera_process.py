"""The cost of a camera's own process."""

from __future__ import annotations

import pytest

from benchmarks.camera_process import main


def test_both_ways_are_measured_on_the_same_film(capsys: pytest.CaptureFixture[str]) -> None:
    """One row each and their difference; what the figures are is the machine's affair."""
    assert main(["--size", "64x48", "--frames", "40"]) == 0
    printed = capsys.readouterr().out
    assert all(row in printed for row in ("in process", "isolated", "difference"))
