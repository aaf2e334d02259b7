"""The machine's clock is set while the line runs: an hour forward, then two hours back."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.bundles import make_bundle
from tests.e2e.fault_line import FaultLine, line_at_full_rate

CAMERAS = {"left": "pattern:?fps=20&size=160x120", "right": "pattern:?fps=20&size=160x120&seed=5"}


def clock_library(folder: Path) -> str:
    """`stepped_clock.c` compiled: it stands between a program and the clock."""
    if shutil.which("cc") is None:
        pytest.skip("no clock to set: install gcc and libc6-dev (tests/system-packages.txt)")
    built = folder / "stepped_clock.so"
    source = Path(__file__).with_name("stepped_clock.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(built), str(source)], check=True)
    return str(built)


def step(harmed: FaultLine, clock: Path, offset: str) -> timedelta:
    """Set the clock of the service; how far its verdicts' times jumped at most."""
    heard = len(harmed.verdicts)
    beside = clock.with_name("clock.new")
    beside.write_text(offset, encoding="utf-8")
    beside.replace(clock)
    harmed.until(lambda: _jump(harmed, heard) > timedelta(minutes=30), f"the clock jumps by {offset}")
    return _jump(harmed, heard)


def _jump(harmed: FaultLine, heard: int) -> timedelta:
    """The largest step between the times of capture of verdicts that follow each other, since so many were heard."""
    captured = [datetime.fromisoformat(v.captured.replace("Z", "+00:00")) for v in harmed.verdicts[heard - 1 :]]
    return max((abs(b - a) for a, b in pairwise(captured)), default=timedelta())


def test_a_stepped_clock_makes_no_picture_old_and_loses_no_verdict(tmp_path: Path) -> None:
    """Ages, deadlines and the order of verdicts do not come from that clock: nothing is late, nothing is skipped."""
    bundle = make_bundle(tmp_path / "bundle").path
    clock = tmp_path / "clock"
    clock.write_text("0", encoding="utf-8")
    environment = {**os.environ, "LD_PRELOAD": clock_library(tmp_path), "CLOCK_OFFSET": str(clock)}
    each = "isolate = true\nmax_age_ms = 20000\ndeadline_ms = 20000"
    with line_at_full_rate(tmp_path, bundle, CAMERAS, dict.fromkeys(CAMERAS, 20.0), each, environment) as harmed:
        assert step(harmed, clock, "+3600") > timedelta(minutes=50)
        harmed.until_full_rate()
        assert step(harmed, clock, "-3600") > timedelta(minutes=110)
    assert harmed.count("deadline") == 0
    assert all(0 <= verdict.timings.total_ms < 20_000 for verdict in harmed.verdicts)
