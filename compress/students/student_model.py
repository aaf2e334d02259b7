"""What every student can do, whatever it is made of: a small convolutional network, or the teacher's own image side.

Training, pruning, export, int8 and the model of good parts know a student by this and nothing else.
"""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from compress.int8.qdq import Layer
from compress.teachers.features import Grids
from edge.bundle.manifest import InputSpec


class StudentShape(Protocol):
    """All that is needed to build a student anew, as plain data."""

    @property
    def input(self) -> InputSpec: ...
    @property
    def grids(self) -> Grids: ...
    @property
    def embedding_dim(self) -> int: ...
    @property
    def num_classes(self) -> int: ...


C = TypeVar("C", bound=StudentShape)


class StudentModel(nn.Module, Generic[C]):
    """uint8 BGR pictures -> class logits, embedding in the teacher's space, defect-map logits."""

    config: C

    def forward(self, image_NHWC: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """image_NHWC uint8 -> logits_NK, embedding_ND (not normalised), map_NHW logits."""
        return self.heads(self.trunk(scaled(image_NHWC)))

    def trunk(self, pixels_NCHW: Tensor) -> list[Tensor]:
        """What the heads and the losses read; pixels are 0..1."""
        raise NotImplementedError

    def heads(self, layers: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Of what `trunk` gives -> logits_NK, embedding_ND, map_NHW."""
        raise NotImplementedError

    def hints(self, layers: list[Tensor]) -> tuple[Tensor, Tensor]:
        """The two grids that are compared with the teacher's middle and deep ones, each N x C x `grids.hint`."""
        raise NotImplementedError

    @property
    def hint_channels(self) -> tuple[int, int]:
        """The channels of the two grids that `hints` gives."""
        raise NotImplementedError

    def patches(self, layers: list[Tensor]) -> tuple[Tensor, ...]:
        """The features that tell good parts from unlike ones, a memory bank each: N x C x `grids.hint`."""
        raise NotImplementedError

    def class_map(self, layers: list[Tensor], class_N: Tensor) -> Tensor:
        """How much each place of the last grid speaks for a class: N x h x w (see `compress.students.explain`)."""
        raise NotImplementedError

    def for_levels(self) -> StudentModel[Any]:
        """A copy for inference whose trunk takes 0..255, with everything folded that can be."""
        raise NotImplementedError

    def int8_layers(self, found: tuple[Layer, ...]) -> tuple[Layer, ...]:
        """Those of an exported graph's layers that go to int8."""
        raise NotImplementedError

    def multiply_adds(self) -> int:
        """Multiply-adds for one picture."""
        raise NotImplementedError

    def parameters_count(self) -> int:
        return sum(p.numel() for p in self.parameters())


AnyStudent = StudentModel[Any]


def scaled(image_NHWC: Tensor) -> Tensor:
    """uint8 NHWC -> float NCHW in 0..1, channels last in memory."""
    return (image_NHWC.permute(0, 3, 1, 2).float() / 255.0).contiguous(memory_format=torch.channels_last)
