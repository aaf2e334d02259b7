"""Distil: the student learns the teacher's patch features, embedding and opinion, and the labels.

- Patch features, middle and deep: cosine on decorrelated features (hints; Romero et al. 2015, "FitNets"). They
  carry most of the learning: a thousand pictures are few labels but some hundred thousand patches.
- Opinion: a linear probe on the teacher's embedding, at temperature 2 (Hinton et al. 2015).
- Embedding: cosine, in the teacher's own space.
- Relations: which pictures of a batch the teacher finds alike (Park et al. 2019, "Relational knowledge distillation").
- Labels: cross-entropy with label smoothing; hard pictures may be made to count more (Lin et al. 2017, "Focal loss").
- Boxes and masks, where there are any: the defect map, and the class of every cell of the last grid. A small defect
  is a few cells of sixty-four; told which, the student needs a fraction of the steps.

Muon for convolution weights, AdamW for the rest, one cycle of learning rate.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from compress.processor import on_best_device
from compress.progress import Reporter
from compress.students.optimise import OneCycle
from compress.students.student import channels_last
from compress.students.student_model import AnyStudent, scaled
from compress.teachers.features import Features
from compress.teachers.views import MIRRORED, UPSIDE_DOWN

TEMPERATURE = 2.0
_DEFECTIVE_CELL = 0.04  # share of a cell that must be defect for the cell to carry the defect's class
_BACKGROUND_WEIGHT = 0.15  # background cells outnumber defective ones by far


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each teaching counts; these serve all data tried so far.

    focus: the focal loss's gamma; 0 is plain cross-entropy.
    """

    labels: float = 1.0
    opinion: float = 2.0
    hints: float = 4.0
    embedding: float = 1.0
    relations: float = 1.0
    map: float = 1.0
    cells: float = 2.0
    focus: float = 0.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """steps of `batch` views each, at a peak learning rate."""

    steps: int
    batch: int = 32
    learning_rate: float = 5e-3


@dataclass(frozen=True, slots=True)
class Lesson:
    """What there is to learn from: the features and the probe's logits for every view (M x K, float32)."""

    features: Features
    opinion_MK: np.ndarray[tuple[int, int], np.dtype[np.float32]]
    weights: Weights

    @property
    def defect_weight(self) -> float:
        """How much a defective cell of the map counts against a sound one: the root of how many times rarer it is.

        Between as-is and fully balanced, as classes are. 1 where no defect is marked.
        """
        known_C = self.features.map_MHW[~np.isnan(self.features.map_MHW)]
        share = known_C.mean(dtype=np.float64) if known_C.size else 0.0
        return float(np.sqrt((1 - share) / share)) if 0 < share < 1 else 1.0


@dataclass(frozen=True, slots=True)
class _Batch:
    image_NHWC: Tensor
    label_N: Tensor
    opinion_NK: Tensor
    pooled_ND: Tensor
    middle_NCHW: Tensor
    deep_NCHW: Tensor
    map_NHW: Tensor

    def flipped(self, axis: int) -> _Batch:
        """Mirrored; the teacher's features of a mirrored picture are nearly its features mirrored."""
        return _Batch(
            self.image_NHWC.flip(axis - 1),
            self.label_N,
            self.opinion_NK,
            self.pooled_ND,
            self.middle_NCHW.flip(axis),
            self.deep_NCHW.flip(axis),
            self.map_NHW.flip(axis - 1),
        )


def distil(student: AnyStudent, lesson: Lesson, schedule: Schedule, seed: int, title: str, reporter: Reporter) -> None:
    """Train the student in place, on a GPU where there is one.

    Deterministic for a seed on one machine with one number of threads.
    """

    def learn_on(device: torch.device) -> None:
        torch.manual_seed(seed)
        learner = channels_last(copy.deepcopy(student)).to(device).train()
        teaching = _Teaching(student, lesson).to(device)
        learning = [p for p in (*learner.parameters(), *teaching.parameters()) if p.requires_grad]
        optimiser = OneCycle(learning, schedule.learning_rate, schedule.steps)
        with reporter.bar(title, schedule.steps) as advance:
            for batch in _batches(lesson, schedule, seed, device):
                loss = teaching(learner, batch)
                optimiser.step(loss)
                advance(1, f"loss {loss.item():.2f}")
        student.load_state_dict(learner.state_dict())

    on_best_device(learn_on, reporter)
    channels_last(student).eval()


def balanced_weights(label_M: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Tensor:
    """A sampling weight per view: classes count by the root of their size, between as-is and fully balanced."""
    counts = np.bincount(label_M)
    return torch.from_numpy(1.0 / np.sqrt(counts[label_M]))


class _Teaching(nn.Module):
    """The losses, with the small layers that only training needs."""

    centre_D: Tensor

    def __init__(self, student: AnyStudent, lesson: Lesson) -> None:
        super().__init__()
        middle, deep = student.hint_channels
        features = lesson.features
        self.to_middle = nn.Conv2d(middle, features.middle_MCHW.shape[1], 1)
        self.to_deep = nn.Conv2d(deep, features.deep_MCHW.shape[1], 1)
        self.to_cells = nn.Conv2d(deep, student.config.num_classes + 1, 1)
        self.weights = lesson.weights
        self.defect_weight = lesson.defect_weight
        self.register_buffer("centre_D", torch.from_numpy(np.asarray(features.pooled_MD).mean(0)))

    def forward(self, student: AnyStudent, batch: _Batch) -> Tensor:
        image_NHWC = batch.image_NHWC
        light_N111 = 0.01 * torch.randn(len(image_NHWC), 1, 1, 1, device=image_NHWC.device)
        layers = student.trunk(scaled(image_NHWC) + light_N111)
        logits_NK, embedding_ND, map_NHW = student.heads(layers)
        middle_NCHW, deep_NCHW = student.hints(layers)
        hints = _off(self.to_middle(middle_NCHW), batch.middle_NCHW) + _off(self.to_deep(deep_NCHW), batch.deep_NCHW)
        w = self.weights
        return (
            w.labels * focal_loss(logits_NK, batch.label_N, w.focus)
            + w.opinion * _divergence(logits_NK, batch.opinion_NK)
            + w.hints * hints
            + w.embedding * _off(embedding_ND - self.centre_D, batch.pooled_ND - self.centre_D)
            + w.relations * relation_loss(embedding_ND - self.centre_D, batch.pooled_ND - self.centre_D)
            + w.map * map_loss(map_NHW, batch.map_NHW, self.defect_weight)
            + w.cells * cell_loss(self.to_cells(deep_NCHW), batch.map_NHW, batch.label_N)
        )


def focal_loss(logits_NK: Tensor, label_N: Tensor, gamma: float) -> Tensor:
    """Smoothed cross-entropy, each picture weighed by (1 - p of its class) ** gamma; plain for gamma 0."""
    loss_N = F.cross_entropy(logits_NK, label_N, label_smoothing=0.05, reduction="none")
    if gamma == 0.0:
        return loss_N.mean()
    right_N = torch.softmax(logits_NK.detach(), dim=1).gather(1, label_N[:, None])[:, 0]
    weight_N = (1 - right_N) ** gamma
    return (weight_N * loss_N).sum() / (weight_N.sum() + 1e-6)


def relation_loss(ours_ND: Tensor, theirs_ND: Tensor) -> Tensor:
    """How far the cosines between the pictures of a batch are from the teacher's, as a mean square."""
    ours_NN = F.normalize(ours_ND, dim=1) @ F.normalize(ours_ND, dim=1).T
    theirs_NN = F.normalize(theirs_ND, dim=1) @ F.normalize(theirs_ND, dim=1).T
    return F.mse_loss(ours_NN, theirs_NN)


def map_loss(logit_NHW: Tensor, target_NHW: Tensor, defect_weight: float = 1.0) -> Tensor:
    """Weighted cross-entropy and Dice (Milletari et al. 2016) on the pictures whose truth is known (no NaN).

    Dice is taken picture by picture: over a batch, a few large defects would be all of it, and small ones nothing.
    """
    known_N = ~torch.isnan(target_NHW).flatten(1).any(1)
    if not known_N.any():
        return logit_NHW.sum() * 0.0
    logit_NC, target_NC = logit_NHW[known_N].flatten(1), target_NHW[known_N].flatten(1)
    prob_NC = torch.sigmoid(logit_NC)
    dice_N = 1 - (2 * (prob_NC * target_NC).sum(1) + 1) / (prob_NC.sum(1) + target_NC.sum(1) + 1)
    weight = torch.tensor(defect_weight, device=logit_NC.device)
    return F.binary_cross_entropy_with_logits(logit_NC, target_NC, pos_weight=weight) + dice_N.mean()


def cell_loss(logit_NKHW: Tensor, coverage_NHW: Tensor, label_N: Tensor) -> Tensor:
    """Cross-entropy of every cell's class: the picture's where the cell is defective, else the last, background.

    coverage_NHW: share of each cell (of a finer grid) that is defect; pictures with NaN are left out.
    """
    background = logit_NKHW.shape[1] - 1
    share_NHW = F.adaptive_avg_pool2d(coverage_NHW, (logit_NKHW.shape[2], logit_NKHW.shape[3]))
    known_NHW = ~torch.isnan(share_NHW)
    if not known_NHW.any():
        return logit_NKHW.sum() * 0.0
    label_NHW = label_N[:, None, None].expand_as(share_NHW)
    target_NHW = torch.where(share_NHW > _DEFECTIVE_CELL, label_NHW, background)
    weight_K = torch.ones(background + 1, device=logit_NKHW.device)
    weight_K[background] = _BACKGROUND_WEIGHT
    return F.cross_entropy(logit_NKHW.permute(0, 2, 3, 1)[known_NHW], target_NHW[known_NHW], weight=weight_K)


def _off(ours: Tensor, theirs: Tensor) -> Tensor:
    return (1 - F.cosine_similarity(ours, theirs, dim=1)).mean()


def _divergence(logits_NK: Tensor, opinion_NK: Tensor) -> Tensor:
    ours = F.log_softmax(logits_NK / TEMPERATURE, dim=1)
    return F.kl_div(ours, F.softmax(opinion_NK / TEMPERATURE, dim=1), reduction="batchmean")


def _batches(lesson: Lesson, schedule: Schedule, seed: int, device: torch.device) -> Iterator[_Batch]:
    features = lesson.features
    generator = torch.Generator().manual_seed(seed)
    weight_M = balanced_weights(np.asarray(features.label_M))
    size = min(schedule.batch, len(weight_M))
    axes = [0, *(axis for axis, turn in ((2, UPSIDE_DOWN), (3, MIRRORED)) if turn in features.turns)]
    for _ in range(schedule.steps):
        drawn = torch.multinomial(weight_M, size, replacement=False, generator=generator).numpy()
        chosen = np.sort(drawn)  # memory-mapped: read in order
        batch = _Batch(
            torch.from_numpy(features.image_MHWC[chosen]).to(device),
            torch.from_numpy(features.label_M[chosen]).to(device),
            torch.from_numpy(lesson.opinion_MK[chosen]).to(device),
            torch.from_numpy(features.pooled_MD[chosen]).to(device),
            torch.from_numpy(features.middle_MCHW[chosen]).to(device).float(),
            torch.from_numpy(features.deep_MCHW[chosen]).to(device).float(),
            torch.from_numpy(features.map_MHW[chosen]).to(device).float(),
        )
        axis = axes[int(torch.randint(0, len(axes), (1,), generator=generator))]
        yield batch.flipped(axis) if axis else batch
