"""One small finished run of the workshop, shared by the tests that look at what it left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from compress.data.dataset import Dataset, read_dataset
from compress.pipeline import compress
from compress.progress import SilentReporter
from compress.report.record import RunReport
from edge.bundle.load import Bundle
from tests.compress.small_run import SMALL, write_parts
from tests.compress.teachers import save_teacher


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What went in, what came out, and what it said. Read-only: tests that change something copy `out` and `work`."""

    teacher: Path
    data: Path
    out: Path
    bundle: Bundle
    report: RunReport
    lines: tuple[str, ...]

    @property
    def work(self) -> Path:
        return self.out.with_name(self.out.name + ".work")

    @property
    def dataset(self) -> Dataset:
        return read_dataset(self.data)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """Dataset, CLIP teacher, student, bundle: the whole chain once, with a dozen training steps."""
    root = tmp_path_factory.mktemp("run")
    teacher, data = save_teacher(root / "clip"), write_parts(root / "data")
    reporter = SilentReporter()
    bundle, report = compress(str(teacher), data, root / "out", SMALL, reporter)
    return FinishedRun(teacher, data, root / "out", bundle, report, tuple(reporter.lines))
