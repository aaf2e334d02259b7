"""CI's promise that nothing is skipped because it is not installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"

TESTS = """
import pytest

def test_program():
    pytest.skip("not installed: sudo apt-get install chromium")

@pytest.mark.skipif(True, reason="systemd-analyze is not installed (package systemd)")
def test_mark():
    pass

def test_data():
    pytest.skip("the real images ../shared/data/x are not on this machine")
"""


@pytest.mark.parametrize(("strict", "said"), [("0", "3 skipped"), ("1", "1 failed, 1 skipped, 1 error")])
def test_a_skip_for_want_of_a_package_fails_in_ci_only(tmp_path: Path, strict: str, said: str) -> None:
    """EDGEVL_NO_SKIPS=1 turns it into a failure that keeps its reason; absent data still only skips."""
    shutil.copy(CONFTEST, tmp_path)
    (tmp_path / "test_some.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    environment = {**os.environ, "EDGEVL_NO_SKIPS": strict}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert said in done.stdout
