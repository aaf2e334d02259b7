"""What holds for all tests: where everything is meant to be installed, nothing may be skipped for want of it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Generator

import pytest
from hypothesis import settings

# Shells start background jobs deaf to Ctrl-C, and their children too; tests of Ctrl-C need ears.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine makes any example slow; how fast things are is for benchmarks/.
settings.register_profile("edgevl", deadline=None)
settings.load_profile("edgevl")

# How tests word a missing program or package; the images in ../shared are data, and may be absent.
_NOT_INSTALLED = re.compile(r"not installed|could not import|no module named|no rtsp server|\binstall\b", re.IGNORECASE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With EDGEVL_NO_SKIPS=1 (as in .ci/run), a test skipped because something is not installed has failed."""
    report = yield
    if os.environ.get("EDGEVL_NO_SKIPS") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if _NOT_INSTALLED.search(reason):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid}: {reason} (EDGEVL_NO_SKIPS=1 allows no such skip)"
    return report
