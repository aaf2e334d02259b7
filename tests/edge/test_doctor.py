"""The doctor: what this machine has, and what would help."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import pytest

from edge.doctor.examine import examine
from edge.doctor.finding import Finding


def by_name(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings}


def test_it_reports_what_a_line_runs_on() -> None:
    """On a machine that runs these tests, Python, ONNX Runtime and video reading are there."""
    findings = by_name(examine())
    assert findings["ONNX Runtime"].state == "ok"
    assert onnxruntime.__version__ in findings["ONNX Runtime"].detail
    assert "CPU" in findings["ONNX Runtime"].detail
    assert findings["Python"].state == "ok"
    assert findings["Video files and RTSP"].state == "ok"
    assert all(finding.detail for finding in findings.values())


def test_with_a_line_file_it_tries_bundle_and_cameras(small_bundle: Path, tmp_path: Path) -> None:
    """The bundle is verified and run; each camera is opened and one frame read."""
    file = tmp_path / "line.toml"
    file.write_text(
        f'[line]\nname = "test"\nbundle = "{small_bundle}"\n'
        '[[camera]]\nname = "good"\nuri = "pattern:?fps=0&size=320x240"\n'
        '[[camera]]\nname = "gone"\nuri = "file:nowhere.avi"\n'
        '[[camera]]\nname = "odd"\nuri = "fil:nowhere.avi"\n'
    )
    findings = by_name(examine(file))
    assert findings["Bundle"].state == "ok"
    assert "golden frames" in findings["Bundle"].detail
    assert findings["Camera good"] == Finding("Camera good", "ok", "gives 320 x 240 px")
    assert findings["Camera gone"].state == "missing"
    assert "nowhere.avi" in findings["Camera gone"].detail
    assert "file" in findings["Camera odd"].detail


@pytest.mark.parametrize(
    "text", ["[line", '[line]\nname="a"\nbundle="nowhere"\n[[camera]]\nname="c"\nuri="pattern:"\n']
)
def test_what_is_wrong_with_line_file_or_bundle_is_a_finding(tmp_path: Path, text: str) -> None:
    """Not a traceback: the same sentence that `edgevl run` would end with."""
    file = tmp_path / "line.toml"
    file.write_text(text)
    wrong = [finding for finding in examine(file) if finding.what in ("Line file", "Bundle") and finding.state != "ok"]
    assert len(wrong) == 1
    assert wrong[0].fix
