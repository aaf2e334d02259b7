"""The module that trains: both sides of the teacher, and a class head that is saved beside it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from compress.teachers.dual import DualEncoder, embed_text
from compress.teachers.probe import Probe
from compress.teachers.teacher import Teacher

_LARGEST_SCALE = math.log(100)  # CLIP's limit (Radford et al. 2021, section 2.5): beyond it training is not stable
_LEAST_SPREAD = 0.05  # of the mean spread: a feature that is constant now may wake in training, and must not explode


class Seen(NamedTuple):
    """logits_NK: of the classes. For a dual encoder, image_ND and text_ND of length 1, and what scales their cosine."""

    logits_NK: Tensor
    image_ND: Tensor | None
    text_ND: Tensor | None
    scale: Tensor | None
    bias: Tensor | None


class ClassHead(nn.Module):
    """Standardise, then a linear layer. It starts as the linear probe, which training from noise would distort.

    Kumar et al. 2022, "Fine-tuning can distort pretrained features and underperform out-of-distribution".
    """

    mean_D: Tensor
    std_D: Tensor

    def __init__(self, probe: Probe, dropout: float) -> None:
        super().__init__()
        std_D = np.maximum(probe.std_D, _LEAST_SPREAD * probe.std_D.mean())
        weight_KD = torch.from_numpy((probe.weight_DK * (std_D / probe.std_D)[:, None]).T.copy())
        self.register_buffer("mean_D", torch.from_numpy(probe.mean_D.copy()))
        self.register_buffer("std_D", torch.from_numpy(std_D))
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(weight_KD.shape[1], weight_KD.shape[0])
        with torch.no_grad():
            self.linear.weight.copy_(weight_KD)
            self.linear.bias.copy_(torch.from_numpy(probe.bias_K))

    def forward(self, pooled_ND: Tensor) -> Tensor:
        logits: Tensor = self.linear(self.dropout((pooled_ND - self.mean_D) / self.std_D))
        return logits


class Learner(nn.Module):
    """Pictures and what is said of them -> what the losses compare."""

    def __init__(self, teacher: Teacher, dual: DualEncoder | None, head: ClassHead) -> None:
        super().__init__()
        self.vision = teacher.vision
        self.head = head
        self._dual = dual

    def forward(self, image_NHWC: Tensor, sentences: list[str]) -> Seen:
        pooled_ND = self.vision(image_NHWC)[0].float()
        logits_NK = self.head(pooled_ND)
        if self._dual is None:
            return Seen(logits_NK, None, None, None, None)
        scale, bias = _scale(self._dual.model)
        return Seen(logits_NK, F.normalize(pooled_ND, dim=1), embed_text(self._dual, sentences), scale, bias)

    def train(self, mode: bool = True) -> Learner:
        """As usual, but batch statistics stay as they are: small batches would spoil them, and processes part."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):  # the only common ancestor there is
                module.eval()
        return self


def hold_scale(model: nn.Module) -> None:
    """Keep the learned scale within CLIP's limit. SigLIP's, learned with a bias, may be larger."""
    scale = getattr(model, "logit_scale", None)
    if isinstance(scale, nn.Parameter) and not hasattr(model, "logit_bias"):
        with torch.no_grad():
            scale.clamp_(max=_LARGEST_SCALE)


def set_dropout(model: nn.Module, dropout: float) -> None:
    """Wherever the model has a place for dropout."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = dropout


def _scale(model: nn.Module) -> tuple[Tensor, Tensor | None]:
    """What a cosine is multiplied by, and what is added: learned, as each family keeps it."""
    bias = getattr(model, "logit_bias", None)
    learned = getattr(model, "logit_scale", None)
    if isinstance(learned, Tensor):
        return learned.exp(), bias
    temperature = model.temperature  # ALIGN's
    assert isinstance(temperature, Tensor)
    return 1 / temperature, bias
