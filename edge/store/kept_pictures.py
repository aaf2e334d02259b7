"""The kept JPEGs below the picture folder, each perhaps with its defect map beside it, which comes and goes with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A JPEG that was written below the picture folder for a verdict; `relative` is its POSIX path there.

    size_bytes: with its map (`map_beside`), where there is one.
    """

    verdict_id: str
    relative: str
    size_bytes: int


def map_beside(picture: Path) -> Path:
    """Where the defect map of a kept picture is, if it has one: 8-bit grey, 255 for 1, over the verdict's region."""
    return picture.with_suffix(".png")


def delete_pictures(folder: Path, relatives: Iterable[str]) -> None:
    """Delete these JPEGs and their maps; those that are gone already do no harm."""
    for relative in relatives:
        picture = folder / relative
        map_beside(picture).unlink(missing_ok=True)
        picture.unlink(missing_ok=True)


def delete_all_but(folder: Path, named: set[str]) -> None:
    """Delete the JPEGs that are not named, and the maps that lie beside none that is."""
    for file in folder.glob("*/*"):
        if file.relative_to(folder).with_suffix(".jpg").as_posix() not in named:
            file.unlink(missing_ok=True)
