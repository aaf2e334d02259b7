"""The device never imports the workshop's libraries, shown in a fresh process."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import camera
import edge

ROOT = Path(__file__).parents[2]
FORBIDDEN = (
    "torch",
    "transformers",
    "onnx",
    "onnxscript",
    "sklearn",
    "kornia",
    "torch_pruning",
    "matplotlib",
    "compress",
)

# NiceGUI takes matplotlib up where it is installed; the dashboard does not use it, and a device does not have it.
DASHBOARD = "edge.dashboard"


def modules() -> list[str]:
    packages = (edge, camera)
    return [m.name for p in packages for m in pkgutil.walk_packages(p.__path__, p.__name__ + ".")]


def imported_with(names: list[str]) -> list[str]:
    """Which forbidden modules a fresh process has after importing `names`."""
    program = (
        "import importlib, json, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print(json.dumps([n for n in {FORBIDDEN!r} if n in sys.modules]))\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


def test_no_module_of_the_verdict_path_imports_the_workshops_libraries() -> None:
    """Every module of edge and camera but the dashboard, all in one process."""
    names = [name for name in modules() if not name.startswith(DASHBOARD)]
    assert len(names) > 10
    assert imported_with(names) == []


def test_the_dashboard_does_not_import_torch_either() -> None:
    """Apart, because its library looks for plotting libraries by itself."""
    names = [name for name in modules() if name.startswith(DASHBOARD) and "__main__" not in name]
    assert not set(imported_with(names)) - {"matplotlib"}


def test_arrows_only_point_down() -> None:
    """import-linter's contracts in pyproject.toml hold."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [str(linter), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
