"""Prune: take whole channels out, by what the loss would lose, following dependencies between layers.

Fang et al. 2023, "DepGraph: towards any structural pruning" (torch-pruning), with the first-order Taylor
importance of Molchanov et al. 2019. The pruned student is a config and tensors, never a pickled module.
"""

from __future__ import annotations

import copy

import msgspec
import numpy as np
import torch
import torch_pruning as tp
from torch import nn
from torch.nn import functional as F

from compress.students.distil import Lesson, balanced_weights, map_loss
from compress.students.student import ConvSpec, Student, StudentConfig, convolution_of
from compress.students.student_model import AnyStudent, scaled

_PICTURES = 256
_BATCH = 32
_MULTIPLE = 8  # channels in eights: what int8 kernels and tensor cores work on


def thinned_config(config: StudentConfig, ratio: float) -> StudentConfig:
    """The same student with about `ratio` (0..1) of every layer's channels gone, in eights, at least eight left.

    The same share everywhere: ranking channels over all layers took three quarters of the first layer, which
    cost more accuracy than it saved time.
    """

    def kept(channels: int) -> int:
        return min(channels, max(_MULTIPLE, _MULTIPLE * round(channels * (1 - ratio) / _MULTIPLE)))

    convs = tuple(msgspec.structs.replace(conv, channels=kept(conv.channels)) for conv in config.convs)
    return msgspec.structs.replace(config, convs=convs, map_channels=kept(config.map_channels))


def prune(student: Student, lesson: Lesson, target: StudentConfig, seed: int) -> Student:
    """A new student with the channels of `target`; those that matter least are gone."""
    student = copy.deepcopy(student)
    trained = Traceable(student).train()
    collect_gradients(trained, lesson, seed)
    height, width = student.config.input.height, student.config.input.width
    pruner = tp.pruner.BasePruner(
        trained.eval(),
        torch.zeros(1, 3, height, width),
        importance=tp.importance.GroupTaylorImportance(),
        pruning_ratio=0.0,
        pruning_ratio_dict=_shares(student, target),
        ignored_layers=[student.classify, student.embed, student.map_out],
    )
    pruner.step()
    return _rebuilt(student)


def _shares(student: Student, target: StudentConfig) -> dict[nn.Module, float]:
    """What share of its channels each layer loses."""
    kept = {convolution_of(block): spec.channels for block, spec in zip(student.convs, target.convs, strict=True)}
    kept |= dict.fromkeys((student.map_coarse, student.map_fine), target.map_channels)
    # The half channel is for the pruner, which rounds down what is left.
    return {layer: max(0.0, 1 - (count + 0.5) / layer.out_channels) for layer, count in kept.items()}


class Traceable(nn.Module):
    """The student from float pixels on: uint8 inputs carry no gradient for the dependency graph to follow."""

    def __init__(self, student: AnyStudent) -> None:
        super().__init__()
        self.student = student

    def forward(self, pixels_NCHW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.student.heads(self.student.trunk(pixels_NCHW))


def collect_gradients(model: Traceable, lesson: Lesson, seed: int) -> None:
    """Gradients of what the student is for (class, opinion, embedding, map) over some balanced training views."""
    features = lesson.features
    generator = torch.Generator().manual_seed(seed)
    weight_M = balanced_weights(np.asarray(features.label_M))
    size, defect_weight = min(_BATCH, len(weight_M)), lesson.defect_weight
    model.zero_grad(set_to_none=True)
    for _ in range(_PICTURES // _BATCH):
        chosen = torch.multinomial(weight_M, size, generator=generator).sort().values.numpy()
        logits_NK, embedding_ND, map_NHW = model(scaled(torch.from_numpy(features.image_MHWC[chosen])))
        loss = F.cross_entropy(logits_NK, torch.from_numpy(features.label_M[chosen]))
        opinion_NK = torch.from_numpy(lesson.opinion_MK[chosen])
        loss = loss + F.kl_div(F.log_softmax(logits_NK, 1), F.softmax(opinion_NK, 1), reduction="batchmean")
        pooled_ND = torch.from_numpy(features.pooled_MD[chosen])
        loss = loss + (1 - F.cosine_similarity(embedding_ND, pooled_ND)).mean()
        loss = loss + map_loss(map_NHW, torch.from_numpy(features.map_MHW[chosen]).float(), defect_weight)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's stub


def _rebuilt(pruned: Student) -> Student:
    """The same weights in a student built from the config that describes them."""
    old = pruned.config
    convs = tuple(
        ConvSpec(spec.kernel, spec.stride, convolution_of(block).out_channels)
        for spec, block in zip(old.convs, pruned.convs, strict=True)
    )
    config = StudentConfig(
        old.input, convs, old.fine_after, old.middle_after, pruned.map_fine.out_channels, old.embedding_dim,
        old.num_classes,
    )  # fmt: skip
    student = Student(config)
    student.load_state_dict(pruned.state_dict())
    return student.eval()
