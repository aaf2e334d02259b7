"""What a bundle remembers of the classes it was made from: where they lie in its embedding, and how wide.

known.npz    label_K int64          numbers of the classes that had training pictures
             mean_KD float32        the mean embedding of each
             factor_RD float32      the covariance within classes is factor_RD.T @ factor_RD + rest * identity
             rest float32
             held_out_ND float16    validation pictures, at most 512, for thresholds
             held_out_N int64       their class numbers

With it a class can be added where the pictures that the bundle was made from are not at hand. The device does not
read it.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import BundleError

FILE = "known.npz"
_RANK = 128  # of 1280 dimensions and 1,000 pictures these hold all but a hundredth of the covariance
_HELD_OUT = 512


@dataclass(frozen=True, slots=True)
class Known:
    """As in the file; mean_KD and factor_RD float64. The held-out pictures are float32."""

    label_K: NDArray[np.int64]
    mean_KD: NDArray[np.float64]
    factor_RD: NDArray[np.float64]
    rest: float
    held_out_ND: NDArray[np.float32]
    held_out_N: NDArray[np.int64]

    @property
    def dim(self) -> int:
        return int(self.mean_KD.shape[1])


def learn_known(
    train_ND: NDArray[np.float32],
    train_N: NDArray[np.int64],
    held_out_ND: NDArray[np.float32],
    held_out_N: NDArray[np.int64],
) -> Known:
    """From embeddings of pictures with their class numbers; held-out ones are of other pictures."""
    label_K = np.unique(train_N)
    mean_KD = np.stack([train_ND[train_N == label].astype(np.float64).mean(0) for label in label_K])
    apart_ND = (train_ND - mean_KD[np.searchsorted(label_K, train_N)]) / np.sqrt(max(1, len(train_N) - len(label_K)))
    _, strength_R, axes_RD = np.linalg.svd(apart_ND, full_matrices=False)
    factor_RD = strength_R[:_RANK, None] * axes_RD[:_RANK]
    rest = float(np.square(strength_R[_RANK:]).sum()) / train_ND.shape[1]
    kept_N = np.unique(np.linspace(0, len(held_out_N) - 1, min(_HELD_OUT, len(held_out_N))).astype(np.int64))
    return Known(label_K, mean_KD, factor_RD, rest, held_out_ND[kept_N], held_out_N[kept_N])


def save_known(known: Known, file: Path) -> None:
    np.savez(
        file,
        label_K=known.label_K,
        mean_KD=known.mean_KD.astype(np.float32),
        factor_RD=known.factor_RD.astype(np.float32),
        rest=np.float32(known.rest),
        held_out_ND=known.held_out_ND.astype(np.float16),
        held_out_N=known.held_out_N,
    )


def load_known(file: Path) -> Known:
    """Raises BundleError where the file is damaged."""
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as saved:
            known = Known(
                saved["label_K"],
                saved["mean_KD"].astype(np.float64),
                saved["factor_RD"].astype(np.float64),
                float(saved["rest"]),
                saved["held_out_ND"].astype(np.float32),
                saved["held_out_N"],
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise BundleError(f"{file} cannot be read: {error}; make the bundle again, or give --data") from error
    if not len(known.mean_KD) == len(known.label_K) or not len(known.held_out_N) == len(known.held_out_ND) > 0:
        raise BundleError(f"{file} is damaged: its lengths differ; make the bundle again, or give --data")
    return known
