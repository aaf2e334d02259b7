"""How a person wants a data folder to be read: what the commands that read one let them say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from compress.dataset import Dataset, Defects, read_dataset


@dataclass(frozen=True, slots=True)
class Reading:
    """The choices of `compress.dataset.read_dataset`; the defaults look and decide."""

    format: str = "auto"
    defects: Defects = "auto"
    group_pattern: str | None = None
    good: tuple[str, ...] = ()

    def read(self, root: Path, seed: int) -> Dataset:
        """Read the folder so. Raises DataError as `read_dataset` does."""
        return read_dataset(
            root, self.format, seed, defects=self.defects, group_pattern=self.group_pattern, good=self.good
        )
