"""Near-duplicates, looked for at the start of every run: said, and kept together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from compress.check.duplicates import Duplicates, find_duplicates, grouped, notes, same_part
from compress.check.survey import survey
from compress.data.dataset import Dataset
from compress.progress import Reporter
from compress.workspace import Workspace

_FILE = "duplicates.json"

Regroup = Callable[[Mapping[Path, str]], Dataset]


def find(folder: Path, dataset: Dataset, reporter: Reporter) -> None:
    """Compare all pictures with all."""
    duplicates = find_duplicates(dataset, survey(dataset, reporter), reporter)
    (folder / _FILE).write_bytes(msgspec.json.encode(duplicates))


def read(folder: Path) -> Duplicates:
    return msgspec.json.decode((folder / _FILE).read_bytes(), type=Duplicates)


def settle(work: Workspace, listed: Dataset, regroup: Regroup | None, reporter: Reporter) -> Dataset:
    """The data set with near-duplicates as one group each, so that intervals count them as one part.

    regroup: reads the data again with those groups, so that splits made here keep them together; None leaves the
    splits as they are. What still crosses a split is said either way, and the run goes on.
    """
    files = [(s.name, s.path.stat().st_size, s.path.stat().st_mtime_ns) for s in listed.samples]
    found = work.stage("0-duplicates", files, lambda folder: find(folder, listed, reporter), read).value
    clusters_of = same_part(listed, found.clusters)
    settled = regroup(clusters_of) if regroup and clusters_of else grouped(listed, found)
    for note in notes(settled, found):
        reporter.say(f"warning: {note}")
    return settled
