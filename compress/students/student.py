"""The student: a plain chain of convolutions that ships.

No branch and no depthwise layer: every layer is a Conv-ReLU that int8 engines fuse, which is where int8 pays on a
CPU (depthwise layers ran no faster in int8 than in float; see docs/decisions). Rebuilt from a config that is
plain data, so a pruned student needs no pickled module.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from compress.int8.qdq import Layer
from compress.kept import filled, keep, kept
from compress.students.spoken import spoken_by_mean_and_maximum
from compress.students.student_model import StudentModel
from compress.teachers.features import Grids
from edge.bundle.manifest import InputSpec

StudentSize = Literal["small", "medium", "large"]

TRUNK_WEIGHTS = "student.convs."  # what the names of the trunk's weights begin with in an exported graph
# The trunk and the layers that read it. What decides the class stays float: it is nothing of the work.
_IN_INT8 = (TRUNK_WEIGHTS, "student.map_coarse.", "student.map_fine.", "student.embed.")
S = TypeVar("S", bound=nn.Module)


class ConvSpec(msgspec.Struct, frozen=True):
    """One Conv-BatchNorm-ReLU: kernel side, stride, output channels."""

    kernel: int
    stride: int
    channels: int


class StudentConfig(msgspec.Struct, frozen=True):
    """All that is needed to build the student anew.

    fine_after: the layer whose output (stride 8) sharpens the defect map; middle_after: the layer whose output
    (stride 16) is compared with the teacher's middle features. Both count from 1.
    """

    input: InputSpec
    convs: tuple[ConvSpec, ...]
    fine_after: int
    middle_after: int
    map_channels: int
    embedding_dim: int
    num_classes: int

    @property
    def grids(self) -> Grids:
        fine = self._size_after(self.fine_after)
        return Grids(self.input, self._size_after(len(self.convs)), fine)

    def _size_after(self, count: int) -> tuple[int, int]:
        height, width = self.input.height, self.input.width
        for conv in self.convs[:count]:
            height, width = -(-height // conv.stride), -(-width // conv.stride)
        return height, width


# Output channels of the eight convolutions; before pruning, at 128x128, about 40, 120 and 270 M multiply-adds.
WIDTHS: Mapping[StudentSize, tuple[int, ...]] = {
    "small": (16, 24, 32, 56, 56, 80, 80, 112),
    "medium": (32, 48, 64, 96, 96, 128, 128, 192),
    "large": (48, 72, 96, 144, 144, 192, 192, 288),
}
SIZES: tuple[StudentSize, ...] = ("small", "medium", "large")
_KERNELS = (5, 3, 3, 3, 3, 3, 3, 3)
_STRIDES = (2, 2, 1, 2, 1, 2, 1, 1)
_MAP_CHANNELS: Mapping[StudentSize, int] = {"small": 24, "medium": 32, "large": 48}


def student_config(
    size: InputSpec, embedding_dim: int, num_classes: int, width: StudentSize = "medium"
) -> StudentConfig:
    """The student as it is before pruning."""
    convs = tuple(ConvSpec(*conv) for conv in zip(_KERNELS, _STRIDES, WIDTHS[width], strict=True))
    return StudentConfig(size, convs, 5, 7, _MAP_CHANNELS[width], embedding_dim, num_classes)


class Student(StudentModel[StudentConfig]):
    """The convolutional student; pictures' sides should be multiples of 16."""

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        self.config = config
        channels = [3, *(c.channels for c in config.convs)]
        self.convs = nn.ModuleList(
            _conv_bn_relu(inside, conv) for inside, conv in zip(channels, config.convs, strict=False)
        )
        last, fine = channels[-1], channels[config.fine_after]
        self.classify = nn.Linear(2 * last, config.num_classes)
        self.embed = nn.Linear(2 * last, config.embedding_dim)
        self.map_coarse = nn.Conv2d(last, config.map_channels, 1)
        self.map_fine = nn.Conv2d(fine, config.map_channels, 1)
        self.map_out = nn.Conv2d(config.map_channels, 1, 1)

    def trunk(self, pixels_NCHW: Tensor) -> list[Tensor]:
        """The output of every layer, in order; pixels are 0..1."""
        outputs = []
        x_NCHW = pixels_NCHW
        for conv in self.convs:
            x_NCHW = conv(x_NCHW)
            outputs.append(x_NCHW)
        return outputs

    def heads(self, layers: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        # The mean knows texture; the maximum keeps a defect of one cell from drowning in sixty-three good ones.
        pooled_NC = torch.cat((layers[-1].mean((2, 3)), layers[-1].amax((2, 3))), dim=1)
        fine_NCHW = layers[self.config.fine_after - 1]
        coarse_NCHW = F.interpolate(self.map_coarse(layers[-1]), size=self.config.grids.map, mode="nearest")
        map_N1HW = self.map_out(F.relu(coarse_NCHW + self.map_fine(fine_NCHW)))
        return self.classify(pooled_NC), self.embed(pooled_NC), map_N1HW.squeeze(1)

    def hints(self, layers: list[Tensor]) -> tuple[Tensor, Tensor]:
        return layers[self.config.middle_after - 1], layers[-1]

    @property
    def hint_channels(self) -> tuple[int, int]:
        return self.config.convs[self.config.middle_after - 1].channels, self.config.convs[-1].channels

    def patches(self, layers: list[Tensor]) -> tuple[Tensor, ...]:
        fine = F.avg_pool2d(layers[self.config.fine_after - 1], 2, ceil_mode=True)
        return (torch.cat((fine, layers[self.config.middle_after - 1], layers[-1]), dim=1),)

    def class_map(self, layers: list[Tensor], class_N: Tensor) -> Tensor:
        """Exact: what the places add to the class's logit."""
        return spoken_by_mean_and_maximum(layers[-1], self.classify.weight[class_N])

    def for_levels(self) -> Student:
        ready = fused(self)
        with torch.no_grad():  # 0..255 straight into the first layer: one pass over the picture less
            convolution_of(ready.convs[0]).weight /= 255.0
        return ready

    def int8_layers(self, found: tuple[Layer, ...]) -> tuple[Layer, ...]:
        return in_int8(found)

    def multiply_adds(self) -> int:
        """Multiply-adds of the convolutions for one picture."""
        total, inside = 0, 3
        for index, conv in enumerate(self.config.convs, 1):
            height, width = self.config._size_after(index)
            total += height * width * conv.kernel**2 * inside * conv.channels
            inside = conv.channels
        return total


def _conv_bn_relu(inside: int, spec: ConvSpec) -> nn.Sequential:
    conv = nn.Conv2d(inside, spec.channels, spec.kernel, spec.stride, spec.kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(spec.channels), nn.ReLU(inplace=True))


def fused(student: Student) -> Student:
    """A copy for inference with every BatchNorm folded into its convolution."""
    student = copy.deepcopy(student).eval()
    for block in student.convs:
        assert isinstance(block, nn.Sequential)
        assert isinstance(block[1], nn.BatchNorm2d)
        block[0] = fuse_conv_bn_eval(convolution_of(block), block[1])
        block[1] = nn.Identity()
        block[2] = nn.ReLU()  # not in place: the exporter keeps it apart from its input
    return student


def save_student(student: Student, folder: Path) -> None:
    """`model.json` and `model.safetensors`: plain data, no pickle."""
    keep(student.config, student.state_dict(), folder)


def load_student(folder: Path) -> Student:
    """What `save_student` left. Raises TeacherError where a file is missing, damaged, or of another model."""
    return channels_last(kept(folder, StudentConfig, lambda config, tensors: filled(Student(config), tensors)))


def in_int8(found: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Of the layers of this student's graph, those that go to int8: the trunk and what reads it but for the class."""
    return tuple(layer for layer in found if layer.weight.startswith(_IN_INT8))


def channels_last(student: S) -> S:
    """The memory layout that CPUs convolve fastest in; in place."""
    moved: S = student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub
    return moved


def convolution_of(block: nn.Module) -> nn.Conv2d:
    """The convolution of one Conv-BatchNorm-ReLU block."""
    assert isinstance(block, nn.Sequential)
    assert isinstance(block[0], nn.Conv2d)
    return block[0]
