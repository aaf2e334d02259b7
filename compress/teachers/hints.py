"""Patch features made learnable: decorrelated, few, and on the student's own grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HINT_DIM = 64


@dataclass(frozen=True, slots=True)
class Projection:
    """Patch features -> at most HINT_DIM decorrelated ones, of unit variance on average."""

    mean_C: NDArray[np.float32]
    basis_CD: NDArray[np.float32]

    @property
    def dim(self) -> int:
        return int(self.basis_CD.shape[1])

    def __call__(self, grid_NCHW: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float16]:
        """float32 N x C x H x W -> float16 N x D x size."""
        rows_hH = resampling(grid_NCHW.shape[2], size[0])
        columns_wW = resampling(grid_NCHW.shape[3], size[1])
        small_NCHW = rows_hH @ grid_NCHW @ columns_wW.T
        reduced_NHWD = (small_NCHW.transpose(0, 2, 3, 1) - self.mean_C) @ self.basis_CD
        return np.ascontiguousarray(reduced_NHWD.transpose(0, 3, 1, 2), np.float16)


def fit_projection(grid_NCHW: NDArray[np.float32]) -> Projection:
    """Principal axes of standardised patch features: else a few loud channels would be all that is kept."""
    rows_MC = grid_NCHW.transpose(0, 2, 3, 1).reshape(-1, grid_NCHW.shape[1])
    mean_C, std_C = rows_MC.mean(0), rows_MC.std(0) + 1e-6
    standard_MC = (rows_MC - mean_C) / std_C
    value_C, vector_CC = np.linalg.eigh((standard_MC.T @ standard_MC / len(standard_MC)).astype(np.float64))
    kept = np.argsort(value_C)[::-1][: min(HINT_DIM, len(value_C))]
    scale = np.sqrt(max(value_C[kept].mean(), 1e-6))
    basis_CD = vector_CC[:, kept] / std_C[:, None] / scale
    return Projection(mean_C.astype(np.float32), basis_CD.astype(np.float32))


def resampling(old: int, new: int) -> NDArray[np.float32]:
    """A new x old matrix that averages over areas: row i weighs the old cells that new cell i covers."""
    edge = np.arange(new + 1) * old / new
    low = np.maximum(edge[:-1, None], np.arange(old)[None])
    high = np.minimum(edge[1:, None], np.arange(1, old + 1)[None])
    overlap = np.clip(high - low, 0, None)
    return np.asarray(overlap / overlap.sum(1, keepdims=True), np.float32)
