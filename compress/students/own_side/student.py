"""The teacher's own image side as a student: its embedding is the teacher's, a class and a map head are added.

Rebuilt from a config that is plain data and a safetensors file, as every student: never a pickled module.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from compress.int8.qdq import Layer
from compress.kept import filled, keep, kept
from compress.students.distil import Lesson
from compress.students.own_side.build import build_side, leave_out, resize
from compress.students.own_side.counting import multiply_adds
from compress.students.own_side.grids import fit_grid, level, three_of
from compress.students.own_side.side_config import SideConfig, plain_config
from compress.students.spoken import spoken_by_mean
from compress.students.student_model import StudentModel
from compress.teachers.image_side import ImageSide, TeacherVision
from compress.teachers.teacher import Teacher

_MAP_CHANNELS = 32


class OwnConfig(SideConfig, frozen=True, kw_only=True):
    """All that is needed to build the student anew.

    channels: of the grids at half the depth, at three quarters, and of the last. spare: layers that may go, the least
    important first; left_out: those that went. shapes: of the weights that differ from the configuration's.
    takes_heads: whether attention heads may go.
    """

    has_pooler: bool
    channels: tuple[int, int, int]
    takes_heads: bool = False
    spare: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    shapes: dict[str, tuple[int, ...]] = msgspec.field(default_factory=dict)


class OwnStudent(StudentModel[OwnConfig]):
    """The teacher's image side with heads for class and map."""

    def __init__(self, config: OwnConfig, vision: TeacherVision) -> None:
        super().__init__()
        self.config = config
        self.vision = vision
        middle, _, last = config.channels
        self.classify = nn.Linear(config.embedding_dim, config.num_classes)
        self.map_coarse = nn.Conv2d(last, _MAP_CHANNELS, 1)
        self.map_fine = nn.Conv2d(middle, _MAP_CHANNELS, 1)
        self.map_out = nn.Conv2d(_MAP_CHANNELS, 1, 1)
        self.levels = 255.0  # what a pixel of 1 stands for

    def train(self, mode: bool = True) -> OwnStudent:
        """BatchNorm keeps the teacher's statistics: some models replace them all by the last batch's (MobileNetV2)."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def trunk(self, pixels_NCHW: Tensor) -> list[Tensor]:
        """The grids at half and three quarters of the depth and the last one, and pooled_ND."""
        pooled_ND, grids = self.vision.see(pixels_NCHW * self.levels if self.levels != 1 else pixels_NCHW)
        return [*three_of(grids), pooled_ND]

    def heads(self, layers: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        middle_NCHW, _, last_NCHW, pooled_ND = layers
        coarse_NCHW = F.interpolate(self.map_coarse(level(last_NCHW)), size=self.config.map, mode="nearest")
        map_N1HW = self.map_out(F.relu(coarse_NCHW + self.map_fine(level(middle_NCHW))))
        return self.classify(pooled_ND), pooled_ND, map_N1HW.squeeze(1)

    def hints(self, layers: list[Tensor]) -> tuple[Tensor, Tensor]:
        return fit_grid(layers[0], self.config.hint), fit_grid(layers[1], self.config.hint)

    @property
    def hint_channels(self) -> tuple[int, int]:
        return self.config.channels[:2]

    def patches(self, layers: list[Tensor]) -> tuple[Tensor, ...]:
        return self.hints(layers)

    def class_map(self, layers: list[Tensor], class_N: Tensor) -> Tensor:
        """Exact where the embedding is the last grid's mean; where the teacher pools otherwise, by the same channels.

        Where the embedding has other channels than the grid, a place speaks as loudly as its map does.
        """
        last_NCHW, weight_NC = layers[2], self.classify.weight[class_N]
        if last_NCHW.shape[1] == weight_NC.shape[1]:
            return spoken_by_mean(last_NCHW, weight_NC)
        return torch.sigmoid(self.heads(layers)[2])

    def for_levels(self) -> OwnStudent:
        ready = copy.deepcopy(self).eval()
        ready.levels = 1.0
        return ready

    def int8_layers(self, found: tuple[Layer, ...]) -> tuple[Layer, ...]:
        """Every convolution and linear layer of the image side, rounded where it reads.

        What layers give goes into residual sums, norms and GELUs, which stay float (see `compress.int8.linear`).
        """
        return tuple(replace(layer, output="") for layer in found if "classify." not in layer.weight)

    def multiply_adds(self) -> int:
        """Of the convolutions and linear layers; the products inside attention are not counted."""
        return multiply_adds(self.modules(), self.see_blank)

    def see_blank(self) -> tuple[list[Tensor], tuple[Tensor, Tensor, Tensor]]:
        """What trunk and heads give for one black picture."""
        size = self.config.input
        with torch.no_grad():
            layers = self.eval().trunk(torch.zeros(1, 3, size.height, size.width))
            return layers, self.heads(layers)


def copy_of(teacher: Teacher, num_classes: int) -> OwnStudent:
    """The teacher's image side as it is, with new heads. Raises TeacherError where it cannot be built anew."""
    vision = copy.deepcopy(teacher.vision).requires_grad_(True)
    side = teacher.preprocessing
    with torch.no_grad():
        pooled_ND, grids = vision.see(torch.zeros(1, 3, side.height, side.width))
    three = three_of(grids)
    middle, deep = ((grid.shape[2], grid.shape[3]) for grid in three[:2])
    config = OwnConfig(
        architecture=type(vision.model).__name__,
        model=plain_config(vision.model.config),
        is_dual=vision.is_dual,
        has_pooler=vision.has_pooler,
        preprocessing=side,
        embedding_dim=pooled_ND.shape[1],
        num_classes=num_classes,
        hint=deep,
        map=middle,
        channels=(three[0].shape[1], three[1].shape[1], three[2].shape[1]),
    )
    return OwnStudent(config, vision)


def speak_as_taught(student: OwnStudent, lesson: Lesson) -> None:
    """Let the class head start where the teacher's own opinion is: the linear layer that comes nearest, in place."""
    pooled_MD = np.asarray(lesson.features.pooled_MD, np.float64)
    mean_D, std_D = pooled_MD.mean(0), pooled_MD.std(0) + 1e-6
    standard_MD = (pooled_MD - mean_D) / std_D
    mean_K = lesson.opinion_MK.mean(0)
    ridge_DD = standard_MD.T @ standard_MD + 1e-2 * len(standard_MD) * np.eye(len(mean_D))
    weight_DK = np.linalg.solve(ridge_DD, standard_MD.T @ (lesson.opinion_MK - mean_K)) / std_D[:, None]
    with torch.no_grad():
        student.classify.weight.copy_(torch.from_numpy(weight_DK.T))
        student.classify.bias.copy_(torch.from_numpy(mean_K - mean_D @ weight_DK))


def rebuild(config: OwnConfig, tensors: dict[str, Tensor]) -> OwnStudent:
    """The student of a config with these weights. Raises TeacherError where the two do not fit."""
    side = ImageSide(build_side(config.architecture, config.model), config.is_dual)
    student = OwnStudent(config, TeacherVision(side, config.preprocessing, config.has_pooler))
    leave_out(student, config.left_out)
    resize(student, config.shapes)
    return filled(student, tensors)


def save_own(student: OwnStudent, folder: Path) -> None:
    """`model.json` and `model.safetensors`: plain data, no pickle."""
    keep(student.config, student.state_dict(), folder)


def load_own(folder: Path) -> OwnStudent:
    """What `save_own` left. Raises TeacherError where a file is missing, damaged, or of another model."""
    return kept(folder, OwnConfig, rebuild)
