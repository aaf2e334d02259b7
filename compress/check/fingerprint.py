"""A picture as a small descriptor in which copies agree and different parts under the same camera do not.

Under a fixed camera all thumbnails look alike: at 48 px nearly every pair of two worn spindles correlates above 0.98.
So the descriptor keeps fine detail only, each place scaled by its own contrast, and what all pictures of the set share
is taken out by partial whitening (Jegou and Chum 2012, "Negative evidences and co-occurences in image retrieval: the
benefit of PCA and whitening"), with a noise floor that rises where there are few pictures to learn from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 64  # px of a thumbnail
_Pixel = TypeVar("_Pixel", bound=np.generic)
TURNS = (
    "as it is",
    "turned 90°",
    "turned 180°",
    "turned 270°",
    "mirrored",
    "mirrored, turned 90°",
    "mirrored, turned 180°",
    "mirrored, turned 270°",
)
UNDOES = (0, 3, 2, 1, 4, 5, 6, 7)  # the turn that takes each turn back; a mirrored one undoes itself
_FINEST_PX, _COARSEST_PX, _AROUND_PX = 1.0, 8.0, 8.0
_FLOOR = 3.0  # grey levels: contrast below this is the camera's noise and is not scaled up
_AXES = 128
_SAMPLE = 2000
_NOISE = 0.3  # of the mean variance of a direction; see docs/decisions/2026-11-24-near-duplicates.md


def thumbnail(image_HWC: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 BGR of any size -> grey SIDE x SIDE, stretched; sizes and small crops no longer matter much."""
    grey_HW = cv2.cvtColor(image_HWC, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey_HW, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def turned(pixels_NHW: NDArray[_Pixel], turn: int) -> NDArray[_Pixel]:
    """Square pictures, mirrored left to right for turns 4 to 7, then turned counter-clockwise by quarters."""
    mirrored_NHW = pixels_NHW[:, :, ::-1] if turn >= 4 else pixels_NHW
    return np.ascontiguousarray(np.rot90(mirrored_NHW, turn % 4, (1, 2)))


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Fitted to a set of pictures: makes of their `details` unit vectors whose products are similarities, -1 to 1.

    mean_D: what the pictures have in common. axis_DK: the directions in which they differ most. damp_K: how much of
    each such direction is taken out, 0 to 1.
    """

    mean_D: NDArray[np.float32]
    axis_DK: NDArray[np.float32]
    damp_K: NDArray[np.float32]

    def __call__(self, detail_NHW: NDArray[np.float32]) -> NDArray[np.float32]:
        """N x SIDE x SIDE -> N x D, each of length 1 (of length 0 where nothing is to be seen)."""
        detail_ND = detail_NHW.reshape(len(detail_NHW), -1) - self.mean_D
        detail_ND -= ((detail_ND @ self.axis_DK) * self.damp_K) @ self.axis_DK.T
        length_N1 = np.linalg.norm(detail_ND, axis=1, keepdims=True)
        return np.asarray(detail_ND / np.maximum(length_N1, 1e-6), np.float32)


def fit_fingerprint(thumb_NHW: NDArray[np.uint8], seed: int = 0) -> Fingerprint:
    """Learn what the pictures of a set share, from at most a few thousand of them."""
    chosen = np.random.default_rng(seed).permutation(len(thumb_NHW))[:_SAMPLE]
    detail_ND = details(thumb_NHW[np.sort(chosen)]).reshape(len(chosen), -1)
    mean_D = detail_ND.mean(0)
    centred_ND = detail_ND - mean_D
    variance_N, vector_NN = np.linalg.eigh((centred_ND @ centred_ND.T / len(centred_ND)).astype(np.float64))
    kept = np.argsort(variance_N)[::-1][: min(_AXES, len(variance_N) - 1)]
    variance_K = np.maximum(variance_N[kept], 0.0)
    axis_DK = centred_ND.T @ vector_NN[:, kept] / np.sqrt(np.maximum(variance_K * len(centred_ND), 1e-9))
    noise = _NOISE * float(np.square(centred_ND).mean(0).sum()) / min(centred_ND.shape)
    damp_K = 1.0 - np.sqrt(noise / np.maximum(variance_K + noise, 1e-9))
    return Fingerprint(mean_D.astype(np.float32), axis_DK.astype(np.float32), damp_K.astype(np.float32))


def details(thumb_NHW: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Fine detail over the local contrast: light, gradients of light and gain fall out.

    It turns with its picture: details of a turned picture are turned details.
    """
    detail_NHW = np.empty(thumb_NHW.shape, np.float32)
    for index, thumb_HW in enumerate(thumb_NHW):
        fine_HW = _blurred(thumb_HW.astype(np.float32), _FINEST_PX)
        fine_HW = fine_HW - _blurred(fine_HW, _COARSEST_PX)
        contrast_HW = np.sqrt(_blurred(fine_HW * fine_HW, _AROUND_PX))
        detail_NHW[index] = fine_HW / (contrast_HW + _FLOOR)
    return detail_NHW


def _blurred(image_HW: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(image_HW, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT), np.float32)
