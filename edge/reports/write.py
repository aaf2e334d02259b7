"""What the report process writes with: the reporter of the bundle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.bundle import load_bundle
from edge.language.reporter import Reporter
from edge.messages import Verdict
from edge.reports.child import Writes
from edge.reports.handover import Open, Written


def opened(wish: Open) -> Writes:
    """A writer for a bundle. Raises BundleError, ConfigError for a language that reports are not written in."""
    reporter = Reporter(load_bundle(Path(wish.bundle)), wish.languages)

    def write(image_HWC: NDArray[np.uint8], verdict: Verdict) -> Written:
        report = reporter.report(image_HWC, verdict)
        return Written(report.text, report.words, report.dropped, 0.0)

    return write
