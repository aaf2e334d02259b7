"""The vectors of one bundle's parts on disk, in the order of their rows: derived from the database, so expendable.

    BUNDLE.slots      who: _SLOT, one a part
    BUNDLE.look       uint8 [N, DIM], how it looks: its embedding by way of the basis
    BUNDLE.meaning    uint8 [M, DIM], M <= N, where a bundle can be searched by sentence: see edge.search.meaning
    BUNDLE.basis.npz  the basis of `look`

What counts is the number in the index's state, which is written when these are on disk: what is beyond it, from a
process that was killed, is written over.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.search.vectors import DIM, Basis

SLOT = np.dtype(
    [("row_id", "<i8"), ("captured_ns", "<i8"), ("camera", "<i4"), ("class_name", "<i4"), ("status", "<i4")]
)


@dataclass(frozen=True, slots=True)
class SpaceFiles:
    """Where the vectors of a bundle are."""

    folder: Path
    bundle: str

    def append(self, kind: str, count: int, rows: NDArray[Any]) -> None:
        """After the first `count` rows of slots, look or meaning; on disk when this returns."""
        row_bytes = SLOT.itemsize if kind == "slots" else DIM
        with self._file(kind).open("r+b" if self._file(kind).exists() else "w+b") as file:
            file.truncate(count * row_bytes)
            file.seek(0, os.SEEK_END)
            file.write(np.ascontiguousarray(rows).tobytes())
            file.flush()
            os.fsync(file.fileno())

    def slots(self, count: int) -> NDArray[Any]:
        """Raises ValueError or OSError where the file holds less."""
        return self._mapped("slots", SLOT, (count,))

    def codes(self, kind: str, count: int) -> NDArray[np.uint8]:
        """look or meaning, as `slots`."""
        return self._mapped(kind, np.dtype(np.uint8), (count, DIM))

    def save_basis(self, basis: Basis) -> None:
        np.savez(self._file("basis.npz"), mean_D=basis.mean_D, axis_DK=basis.axis_DK, step=basis.step)

    def basis(self) -> Basis:
        with self._file("basis.npz").open("rb") as file, np.load(file, allow_pickle=False) as saved:
            return Basis(saved["mean_D"], saved["axis_DK"], float(saved["step"]))

    def _file(self, kind: str) -> Path:
        return self.folder / f"{self.bundle}.{kind}"

    def _mapped(self, kind: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        if shape[0] == 0:
            return np.empty(shape, dtype)
        return np.memmap(self._file(kind), dtype, "r", shape=shape)
