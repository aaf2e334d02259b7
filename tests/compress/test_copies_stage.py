"""Every run looks for near-duplicates once, warns, and keeps them together where it makes the splits."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from compress.data.dataset import read_dataset
from compress.data.reading import Reading
from compress.progress import SilentReporter
from compress.stages.copies import settle
from compress.workspace import open_workspace
from tests.compress.layouts import write_pixels
from tests.compress.scenes import scene
from tests.compress.test_duplicates import leaky_set


def test_a_run_warns_once_made_and_keeps_the_result(tmp_path: Path) -> None:
    """The second start reads what the first found; splits that came with the data stay."""
    dataset = read_dataset(leaky_set(tmp_path / "data"))
    for expected in ("done in", "kept, finished earlier"):
        reporter = SilentReporter()
        with open_workspace(tmp_path / "work", reporter) as work:
            settled = settle(work, dataset, None, reporter)
        assert expected in reporter.lines[0]
        assert reporter.lines[1].startswith("warning: near-duplicates on both sides of a split")
        assert [s.split for s in settled.samples] == [s.split for s in dataset.samples]
        assert len({s.group for s in settled.samples}) == len({s.group for s in dataset.samples}) - 2


def test_grouping_keeps_copies_in_one_split(tmp_path: Path) -> None:
    """Every part is there twice, once mirrored; splits made here never part the two."""
    for i in range(12):
        for name in ("good", "bad"):
            picture = scene(i + 100 * (name == "bad"))
            write_pixels(tmp_path / "data" / name / f"{name}{i}.png", picture)
            write_pixels(tmp_path / "data" / name / f"{name}{i}m.png", np.ascontiguousarray(picture[:, ::-1]))
    reporter = SilentReporter()
    with open_workspace(tmp_path / "work", reporter) as work:
        listed = Reading().read(tmp_path / "data", 0)
        settled = settle(work, listed, lambda parts: Reading().read(tmp_path / "data", 0, same_part=parts), reporter)
    split_of = {s.name: s.split for s in settled.samples}
    assert all(split_of[name] == split_of[f"{name}m"] for name in split_of if not name.endswith("m"))
    assert not any(line.startswith("warning") for line in reporter.lines)
