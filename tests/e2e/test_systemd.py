"""The unit, held against systemd's own tools."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "systemd/edgevl@.service"

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (package systemd)"
)


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_the_exposure_is_at_most_2_5() -> None:
    """As `systemd-analyze security --offline=true` scores it; 10 would be no protection at all."""
    found = re.search(
        r"Overall exposure level for .*: ([0-9.]+)", analyze("security", "--offline=true", str(UNIT)).stdout
    )
    assert found is not None
    assert float(found.group(1)) <= 2.5


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    """No warning; only the path of the installed command is replaced, because it is not installed here."""
    text = UNIT.read_text(encoding="utf-8")
    installed = "/opt/edgevl/.venv/bin/edgevl"
    assert installed in text
    copy = tmp_path / "edgevl@steel.service"
    copy.write_text(text.replace(installed, sys.executable), encoding="utf-8")
    verified = analyze("verify", "--man=no", str(copy))
    complaints = [line for line in verified.stderr.splitlines() if "edgevl" in line]
    assert complaints == []


def test_a_start_that_must_fail_again_is_not_repeated() -> None:
    """The exit codes of a wrong command line, line file, bundle and engine, as `edge/errors.py` has them."""
    from edge.errors import BundleError, ConfigError, EngineError

    (codes,) = re.findall(r"^RestartPreventExitStatus=(.*)$", UNIT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert codes.split() == ["2", *(str(e.exit_code) for e in (ConfigError, BundleError, EngineError))]
