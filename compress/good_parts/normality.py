"""What good parts look like, learned from good parts alone, as a few layers of the student's own graph.

Every place of a picture has a feature vector from each of the layers looked at, decorrelated. A memory bank for each
layer keeps a few hundred of those that good parts show, spread as far apart as possible; a place is anomalous by its
distance to the nearest (Roth et al. 2022, "Towards total recall in industrial anomaly detection", PatchCore), averaged
over the layers, each in units of its own usual distance. Every bank is made three times of other patches and the
distances are averaged: which few hundred are farthest apart is mostly luck. As no place is tied to a position in the
picture, parts may lie turned or shifted.

Suffixes: N pictures, C channels, D decorrelated features, B draws of the bank, K entries of each, M patches, hw places.
"""

from __future__ import annotations

from collections.abc import Sequence
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
_DRAWS = 3
_FITTED_PATCHES = 20_000
_SCORED_SHARE = 0.03  # of the places: a defect is rarely smaller, and a single place is mostly noise
_BATCH = 32
_KEPT = ("mean_C", "whiten_CD", "bank_BKD", "midpoint")


@dataclass(frozen=True, slots=True)
class MemoryBank:
    """What good parts show in one layer, float32. midpoint: the usual distance of a held-out good part's places."""

    mean_C: NDArray[np.float32]
    whiten_CD: NDArray[np.float32]
    bank_BKD: NDArray[np.float32]
    midpoint: float

    @property
    def arrays(self) -> tuple[NDArray[np.float32], ...]:
        return self.mean_C, self.whiten_CD, self.bank_BKD


@dataclass(frozen=True, slots=True)
class Normality:
    """A memory bank for each grid that `StudentModel.patches` gives, in its order."""

    banks: tuple[MemoryBank, ...]


class BankHead(nn.Module):
    """A memory bank as layers of the graph: two 1x1 convolutions and a minimum for each draw."""

    def __init__(self, bank: MemoryBank) -> None:
        super().__init__()
        whiten_CD, entry_MD = torch.from_numpy(bank.whiten_CD), torch.from_numpy(bank.bank_BKD).flatten(0, 1)
        channels, features = whiten_CD.shape
        self.whiten = nn.Conv2d(channels, features, 1)
        self.compare = nn.Conv2d(features, len(entry_MD), 1)
        self.entries = bank.bank_BKD.shape[1]
        self.midpoint = bank.midpoint
        with torch.no_grad():
            self.whiten.weight.copy_(whiten_CD.T[:, :, None, None])
            self.whiten.bias = nn.Parameter(-torch.from_numpy(bank.mean_C) @ whiten_CD)
            self.compare.weight.copy_(-2 * entry_MD[:, :, None, None])
            self.compare.bias = nn.Parameter(entry_MD.square().sum(1))

    def forward(self, patch_NChw: Tensor) -> Tensor:
        """N x h x w: |z|^2 + |b|^2 - 2 z.b, smallest over the entries b, and its root; the mean over the draws."""
        z_NDhw = self.whiten(patch_NChw)
        length_Nhw = z_NDhw.square().sum(1)
        drawn = self.compare(z_NDhw).split(self.entries, dim=1)
        each = [(length_Nhw + one_NKhw.amin(1)).clamp(min=1e-6).sqrt() for one_NKhw in drawn]
        return torch.stack(each).mean(0)


class NormalityHead(nn.Module):
    """The model as layers of the graph: the banks, their mean, and a few largest places."""

    def __init__(self, normality: Normality) -> None:
        super().__init__()
        self.banks = nn.ModuleList(BankHead(bank) for bank in normality.banks)
        self.midpoints = tuple(bank.midpoint for bank in normality.banks)

    def forward(self, patches: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """What `StudentModel.patches` gives -> anomaly_N and anomaly_map_Nhw, 0..1, where 0.5 is usual."""
        unlikeness_Nhw = self._unlikeness(patches)
        count = max(1, round(_SCORED_SHARE * unlikeness_Nhw.shape[1] * unlikeness_Nhw.shape[2]))
        largest_NT = unlikeness_Nhw.flatten(1).topk(count, dim=1).values
        return _share(largest_NT.mean(1)), _share(unlikeness_Nhw)

    def _unlikeness(self, patches: Sequence[Tensor]) -> Tensor:
        """Distances in units of the usual one, averaged over the banks."""
        each = [
            bank(grid_NChw) / midpoint
            for bank, midpoint, grid_NChw in zip(self.banks, self.midpoints, patches, strict=True)
        ]
        return torch.stack(each).mean(0) if len(each) > 1 else each[0]


def _share(unlikeness: Tensor) -> Tensor:
    return unlikeness / (unlikeness + 1)


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


def fit_patches(good: Sequence[NDArray[np.float32]], held_out: Sequence[NDArray[np.float32]], seed: int) -> Normality:
    """Learn from the feature vectors of good parts (M x C for each layer), whatever model they come from."""
    return Normality(tuple(_fit_bank(*layer, seed) for layer in zip(good, held_out, strict=True)))


def _fit_bank(good_MC: NDArray[np.float32], held_out_MC: NDArray[np.float32], seed: int) -> MemoryBank:
    rng = np.random.default_rng(seed)
    mean_C, whiten_CD = _whitening(_drawn(good_MC, rng))
    banks = [_spread_apart((_drawn(good_MC, rng) - mean_C) @ whiten_CD, _BANK, rng) for _ in range(_DRAWS)]
    draft = MemoryBank(mean_C, whiten_CD, np.stack(banks), 1.0)
    return replace(draft, midpoint=_usual_distance(draft, held_out_MC))


def _drawn(patch_MC: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    return patch_MC[rng.permutation(len(patch_MC))[:_FITTED_PATCHES]]


def save_normality(normality: Normality, file: Path) -> None:
    """As safetensors: plain arrays, no pickle."""
    tensors: dict[str, NDArray[np.float32]] = {}
    for number, bank in enumerate(normality.banks):
        tensors |= {
            f"{number}.mean_C": bank.mean_C,
            f"{number}.whiten_CD": np.ascontiguousarray(bank.whiten_CD),
            f"{number}.bank_BKD": bank.bank_BKD,
            f"{number}.midpoint": np.array([bank.midpoint], np.float32),
        }
    save_file(tensors, file)


def load_normality(file: Path) -> Normality:
    kept = load_file(file)
    count = len({name.partition(".")[0] for name in kept})
    return Normality(tuple(_bank_of({name: kept[f"{number}.{name}"] for name in _KEPT}) for number in range(count)))


def _bank_of(arrays: dict[str, NDArray[np.float32]]) -> MemoryBank:
    return MemoryBank(arrays["mean_C"], arrays["whiten_CD"], arrays["bank_BKD"], float(arrays["midpoint"][0]))


def student_patches(student: AnyStudent, image_NHWC: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """The feature vector of every place of every picture: M x C for each layer that `patches` gives."""
    parts = []
    for start in range(0, len(image_NHWC), _BATCH):
        with torch.inference_mode():
            batch = scaled(torch.from_numpy(image_NHWC[start : start + _BATCH]))
            patches = student.patches(student.trunk(batch))
        parts.append([grid_NChw.permute(0, 2, 3, 1).flatten(0, 2).numpy() for grid_NChw in patches])
    return [np.concatenate(layer) for layer in zip(*parts, strict=True)]


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


def _usual_distance(bank: MemoryBank, patch_MC: NDArray[np.float32]) -> float:
    head = BankHead(bank)
    with torch.inference_mode():
        distances = head(torch.from_numpy(patch_MC[:_FITTED_PATCHES]).T[None, :, :, None])
    return max(float(distances.median()), 1e-3)
