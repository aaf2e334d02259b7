"""Short vectors as bytes, and the nearest of a million of them: all are looked at, none can be missed.

A vector of DIM numbers takes DIM bytes. OpenCV sums the squared differences of bytes with SIMD, which is as fast as
memory is read; see docs/decisions/2026-11-28-search.md for what else was weighed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

DIM = 64
_MIDDLE = 127.5


@dataclass(frozen=True, slots=True)
class Basis:
    """How an embedding becomes a short vector: its principal components (Pearson 1901), in steps of a byte.

    mean_D, axis_DK: float32, K = DIM. step: what one step of a byte stands for.
    """

    mean_D: NDArray[np.float32]
    axis_DK: NDArray[np.float32]
    step: float

    def codes(self, embedding_ND: NDArray[np.float32]) -> NDArray[np.uint8]:
        """uint8 [N, DIM]."""
        return as_bytes(np.asarray((embedding_ND - self.mean_D) @ self.axis_DK, np.float32), self.step)


def fitted(embedding_ND: NDArray[np.float32]) -> Basis:
    """The basis for embeddings like these; a few hundred are enough, and one will do."""
    mean_D = embedding_ND.mean(axis=0)
    centred_ND = embedding_ND - mean_D
    # By way of the N x N products, which are the smaller matrix.
    power_N, weight_NN = np.linalg.eigh(centred_ND @ centred_ND.T)
    found = np.flatnonzero(power_N > power_N[-1] * 1e-6)[::-1][:DIM]
    axis_DK = np.zeros((len(mean_D), DIM), np.float32)
    axis_DK[:, : len(found)] = centred_ND.T @ weight_NN[:, found] / np.sqrt(power_N[found])
    largest = float(np.abs(centred_ND @ axis_DK).max())
    return Basis(mean_D.astype(np.float32), axis_DK, max(largest, 1e-6) / _MIDDLE)


def as_bytes(vector_ND: NDArray[np.float32], step: float = 1 / _MIDDLE) -> NDArray[np.uint8]:
    """Numbers around zero as bytes around the middle; what is out of reach is cut. The default is for -1..1."""
    return np.asarray(np.clip(np.rint(vector_ND / step + _MIDDLE), 0, 255), np.uint8)


def nearest(
    code_NK: NDArray[np.uint8], query_K: NDArray[np.uint8], most: int, wanted_N: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """The places of the `most` nearest vectors (Euclid), nearest first; of `wanted_N` only, where it is given."""
    most = min(most, len(code_NK))
    if most == 0:
        return np.empty(0, np.int64)
    mask = None if wanted_N is None else wanted_N.astype(np.uint8)[None]
    _, place_1M = cv2.batchDistance(query_K[None], code_NK, cv2.CV_32S, normType=cv2.NORM_L2SQR, K=most, mask=mask)
    place_M = place_1M[0].astype(np.int64)
    return np.asarray(place_M[place_M >= 0])
