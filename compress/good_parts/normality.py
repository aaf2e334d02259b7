"""What good parts look like, learned from good parts alone, as a few layers of the student's own graph.

Every place of a picture has a feature vector: the student's layers around it, decorrelated. A memory bank keeps a
few hundred of those that good parts show, spread as far apart as possible; a place is anomalous by its distance
to the nearest (Roth et al. 2022, "Towards total recall in industrial anomaly detection", PatchCore). As no place
is tied to a position in the picture, parts may lie turned or shifted.

Suffixes: N pictures, C channels, D decorrelated features, K bank entries, M patches, hw places.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from sklearn.covariance import ledoit_wolf
from torch import Tensor, nn

from compress.students.deployed import Deployed
from compress.students.student_model import AnyStudent, scaled

FEATURES = 64
_BANK = 512
_FITTED_PATCHES = 20_000
_SCORED_SHARE = 0.03  # of the places: a defect is rarely smaller, and a single place is mostly noise
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Normality:
    """The bank and its features, float32. midpoint: the distance that scores 0.5, a good part's usual one."""

    mean_C: NDArray[np.float32]
    whiten_CD: NDArray[np.float32]
    bank_KD: NDArray[np.float32]
    midpoint: float

    @property
    def arrays(self) -> tuple[NDArray[np.float32], ...]:
        return self.mean_C, self.whiten_CD, self.bank_KD


class NormalityHead(nn.Module):
    """The model as layers of the graph: two 1x1 convolutions, a minimum and a few largest places."""

    def __init__(self, normality: Normality) -> None:
        super().__init__()
        whiten_CD, bank_KD = torch.from_numpy(normality.whiten_CD), torch.from_numpy(normality.bank_KD)
        channels, features = whiten_CD.shape
        self.whiten = nn.Conv2d(channels, features, 1)
        self.compare = nn.Conv2d(features, len(bank_KD), 1)
        self.midpoint = normality.midpoint
        with torch.no_grad():
            self.whiten.weight.copy_(whiten_CD.T[:, :, None, None])
            self.whiten.bias = nn.Parameter(-torch.from_numpy(normality.mean_C) @ whiten_CD)
            self.compare.weight.copy_(-2 * bank_KD[:, :, None, None])
            self.compare.bias = nn.Parameter(bank_KD.square().sum(1))

    def forward(self, patches_NChw: Tensor) -> tuple[Tensor, Tensor]:
        """What `StudentModel.patches` gives -> anomaly_N and anomaly_map_Nhw, 0..1."""
        distance_Nhw = self.distances(patches_NChw)
        count = max(1, round(_SCORED_SHARE * distance_Nhw.shape[1] * distance_Nhw.shape[2]))
        largest_NT = distance_Nhw.flatten(1).topk(count, dim=1).values
        return self._share(largest_NT.mean(1)), self._share(distance_Nhw)

    def distances(self, patches_NChw: Tensor) -> Tensor:
        """To the nearest entry of the bank: |z|^2 + |b|^2 - 2 z.b, smallest over b."""
        z_NDhw = self.whiten(patches_NChw)
        square_Nhw: Tensor = z_NDhw.square().sum(1) + self.compare(z_NDhw).amin(1)
        return square_Nhw.clamp(min=1e-6).sqrt()

    def _share(self, distance: Tensor) -> Tensor:
        return distance / (distance + self.midpoint)


class DeployedWithNormality(Deployed):
    """The student as it ships, with what it knows of good parts."""

    def __init__(self, student: AnyStudent, temperature: float, normality: Normality) -> None:
        super().__init__(student, temperature)
        self.normality = NormalityHead(normality)

    def forward(self, image_NHWC: Tensor) -> tuple[Tensor, ...]:
        """image_NHWC uint8 -> prob_NK, embedding_ND, map_NHW, anomaly_N, anomaly_map_Nhw: as `edge.bundle` says."""
        layers = self.layers(image_NHWC)
        return (*self.answers(layers), *self.normality(self.student.patches(layers)))


def fit_normality(
    student: AnyStudent, good_NHWC: NDArray[np.uint8], held_out_NHWC: NDArray[np.uint8], seed: int
) -> Normality:
    """Learn from pictures of good parts (uint8 BGR, at the student's input size); others of them set the scale."""
    return fit_patches(student_patches(student, good_NHWC), student_patches(student, held_out_NHWC), seed)


def fit_patches(good_MC: NDArray[np.float32], held_out_MC: NDArray[np.float32], seed: int) -> Normality:
    """Learn from the feature vectors of good parts, whatever model they come from."""
    rng = np.random.default_rng(seed)
    some_MC = good_MC[rng.permutation(len(good_MC))[:_FITTED_PATCHES]]
    mean_C, whiten_CD = _whitening(some_MC)
    bank_KD = _spread_apart((some_MC - mean_C) @ whiten_CD, _BANK, rng)
    draft = Normality(mean_C, whiten_CD, bank_KD, 1.0)
    return replace(draft, midpoint=_usual_distance(draft, held_out_MC))


def save_normality(normality: Normality, file: Path) -> None:
    """As safetensors: plain arrays, no pickle."""
    save_file(
        {
            "mean_C": normality.mean_C,
            "whiten_CD": np.ascontiguousarray(normality.whiten_CD),
            "bank_KD": np.ascontiguousarray(normality.bank_KD),
            "midpoint": np.array([normality.midpoint], np.float32),
        },
        file,
    )


def load_normality(file: Path) -> Normality:
    kept = load_file(file)
    return Normality(kept["mean_C"], kept["whiten_CD"], kept["bank_KD"], float(kept["midpoint"][0]))


def student_patches(student: AnyStudent, image_NHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The feature vector of every place of every picture: M x C."""
    parts = []
    for start in range(0, len(image_NHWC), _BATCH):
        with torch.inference_mode():
            batch = scaled(torch.from_numpy(image_NHWC[start : start + _BATCH]))
            patches_NChw = student.patches(student.trunk(batch))
        parts.append(patches_NChw.permute(0, 2, 3, 1).flatten(0, 2).numpy())
    return np.concatenate(parts)


def _whitening(patch_MC: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Principal axes of standardised features, each scaled to unit variance.

    Shrunk as Ledoit & Wolf 2004 say, so that axes few patches speak for are not blown up.
    """
    mean_C, std_C = patch_MC.mean(0), patch_MC.std(0) + 1e-6
    covariance_CC, _ = ledoit_wolf((patch_MC - mean_C) / std_C, assume_centered=True)
    value_C, axis_CC = np.linalg.eigh(covariance_CC.astype(np.float64))
    kept = np.argsort(value_C)[::-1][:FEATURES]
    whiten_CD = axis_CC[:, kept] / std_C[:, None] / np.sqrt(value_C[kept])
    return mean_C, np.asarray(whiten_CD, np.float32)


def _spread_apart(z_MD: NDArray[np.floating[Any]], count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Greedy k-centre: each next entry is the patch farthest from all before (Sener & Savarese 2018)."""
    chosen = [int(rng.integers(len(z_MD)))]
    nearest_M = np.square(z_MD - z_MD[chosen[0]]).sum(1)
    while len(chosen) < min(count, len(z_MD)):
        chosen.append(int(nearest_M.argmax()))
        nearest_M = np.minimum(nearest_M, np.square(z_MD - z_MD[chosen[-1]]).sum(1))
    return np.asarray(z_MD[chosen], np.float32)


def _usual_distance(normality: Normality, patch_MC: NDArray[np.float32]) -> float:
    head = NormalityHead(normality)
    with torch.inference_mode():
        distances = head.distances(torch.from_numpy(patch_MC[:_FITTED_PATCHES]).T[None, :, :, None])
    return max(float(distances.median()), 1e-3)
