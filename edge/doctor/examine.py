"""The whole examination."""

from __future__ import annotations

from pathlib import Path

from edge.doctor.finding import Finding
from edge.doctor.line import line_findings
from edge.doctor.machine import machine_findings


def examine(line_file: Path | None = None) -> tuple[Finding, ...]:
    """Everything about this machine; with a line file also its bundle, its engine and its cameras."""
    return machine_findings() + (line_findings(line_file) if line_file else ())
