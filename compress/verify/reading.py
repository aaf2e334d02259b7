"""Read pictures for a bundle that is there already: its names of good parts, its seed, nothing asked but labels."""

from __future__ import annotations

from pathlib import Path

from compress.data.dataset import Dataset, read_dataset
from compress.verify.recorded import report_of
from compress.verify.verification import Part
from edge.bundle.load import Bundle


def read_for(bundle: Bundle, data: Path, part: Part, format: str = "auto", group: str | None = None) -> Dataset:
    """The data as the run that made the bundle split it, where it has no splits of its own. Raises DataError."""
    report = report_of(bundle)
    kinds = {c.kind for c in bundle.manifest.classes}
    return read_dataset(
        data,
        format,
        0 if isinstance(report, str) else report.trained.seed,
        # a bundle that learnt no defect was tested on all of them
        defects="hold-out" if kinds == {"good"} and part == "test" else "auto",
        group_pattern=group,
        good=[c.name for c in bundle.manifest.classes if c.kind == "good"],
        to_train=False,
    )
