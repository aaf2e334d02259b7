"""How a person wants a data folder to be read: what the commands that read one let them say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compress.data.dataset import Dataset, Defects, read_dataset
from compress.progress import Reporter


@dataclass(frozen=True, slots=True)
class Reading:
    """The choices of `compress.data.dataset.read_dataset`; the defaults look and decide."""

    format: str = "auto"
    defects: Defects = "auto"
    group_pattern: str | None = None
    good: tuple[str, ...] = ()

    def read(
        self,
        root: Path,
        seed: int,
        allow_unlabelled: bool = False,
        same_part: Mapping[Path, str] | None = None,
        reporter: Reporter | None = None,
    ) -> Dataset:
        """Read the folder so. Raises DataError as `read_dataset` does."""
        return read_dataset(
            root,
            self.format,
            seed,
            defects=self.defects,
            group_pattern=self.group_pattern,
            good=self.good,
            allow_unlabelled=allow_unlabelled,
            same_part=same_part,
            reporter=reporter,
        )
