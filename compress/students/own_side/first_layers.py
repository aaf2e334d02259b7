"""The teacher's own first layers as a student: as they are, at any size of picture they take, with small heads.

Where only good parts teach, nothing shows a small network which of the teacher's features matter, and what it learns of
them is too rough to tell a defect by. So they are shipped themselves, up to three quarters of the encoder's depth;
the exporter leaves out what comes after, as nothing reads it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from compress.int8.qdq import Layer
from compress.kept import filled, keep, kept
from compress.students.own_side.build import build_side
from compress.students.own_side.counting import multiply_adds
from compress.students.own_side.grids import fit_grid, level
from compress.students.own_side.side_config import SideConfig, plain_config
from compress.students.spoken import spoken_by_mean
from compress.students.student_model import StudentModel
from compress.teachers.image_side import ImageSide, TeacherVision
from compress.teachers.teacher import Teacher
from edge.bundle.manifest import InputSpec

_MAP_CHANNELS = 32


class FirstConfig(SideConfig, frozen=True, kw_only=True):
    """All that is needed to build the student anew.

    channels: of the middle and the deep grid. unread: the modules whose weights nothing depends on; they are not kept.
    """

    channels: tuple[int, int]
    unread: tuple[str, ...] = ()


class FirstLayers(StudentModel[FirstConfig]):
    """Middle and deep features of the teacher, not to be trained, and heads for class, embedding and map."""

    def __init__(self, config: FirstConfig, vision: TeacherVision) -> None:
        super().__init__()
        self.config = config
        self.vision = vision.requires_grad_(False)
        middle, deep = config.channels
        self.embed = nn.Linear(middle + deep, config.embedding_dim)
        self.classify = nn.Linear(config.embedding_dim, config.num_classes)
        self.map_coarse = nn.Conv2d(deep, _MAP_CHANNELS, 1)
        self.map_fine = nn.Conv2d(middle, _MAP_CHANNELS, 1)
        self.map_out = nn.Conv2d(_MAP_CHANNELS, 1, 1)
        self.levels = 255.0  # what a pixel of 1 stands for

    def train(self, mode: bool = True) -> FirstLayers:
        """The teacher's layers always answer as they ship."""
        super().train(mode)
        self.vision.eval()
        return self

    def trunk(self, pixels_NCHW: Tensor) -> list[Tensor]:
        """The middle and the deep grid."""
        levels_NCHW = pixels_NCHW * self.levels if self.levels != 1 else pixels_NCHW
        return list(self.vision.middle_and_deep(levels_NCHW))

    def heads(self, layers: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        middle_NCHW, deep_NCHW = layers
        embedding_ND = self.embed(torch.cat((middle_NCHW.mean((2, 3)), deep_NCHW.mean((2, 3))), dim=1))
        coarse_NCHW = F.interpolate(self.map_coarse(level(deep_NCHW)), size=self.config.map, mode="nearest")
        map_N1HW = self.map_out(F.relu(coarse_NCHW + self.map_fine(level(middle_NCHW))))
        return self.classify(embedding_ND), embedding_ND, map_N1HW.squeeze(1)

    def hints(self, layers: list[Tensor]) -> tuple[Tensor, Tensor]:
        return fit_grid(layers[0], self.config.hint), fit_grid(layers[1], self.config.hint)

    @property
    def hint_channels(self) -> tuple[int, int]:
        return self.config.channels

    def patches(self, layers: list[Tensor]) -> tuple[Tensor, ...]:
        return self.hints(layers)

    def class_map(self, layers: list[Tensor], class_N: Tensor) -> Tensor:
        """Exact: class and embedding are linear in the means of both grids; the middle one's places go to the deep."""
        weight_NC = (self.classify.weight @ self.embed.weight)[class_N]
        middle_NCHW, deep_NCHW = layers
        middle_NC, deep_NC = weight_NC[:, : self.config.channels[0]], weight_NC[:, self.config.channels[0] :]
        size = (deep_NCHW.shape[2], deep_NCHW.shape[3])
        spoken_Nhw = F.adaptive_avg_pool2d(spoken_by_mean(middle_NCHW, middle_NC), size)
        share = middle_NCHW.shape[2] * middle_NCHW.shape[3] / (size[0] * size[1])
        return spoken_Nhw * share + spoken_by_mean(deep_NCHW, deep_NC)

    def for_levels(self) -> FirstLayers:
        ready = copy.deepcopy(self).eval()
        ready.levels = 1.0
        return ready

    def int8_layers(self, found: tuple[Layer, ...]) -> tuple[Layer, ...]:
        """Every convolution and linear layer of the teacher's, rounded where it reads; the small heads stay float."""
        return tuple(replace(layer, output="") for layer in found if ".vision." in f".{layer.weight}")

    def multiply_adds(self) -> int:
        """Of the convolutions and linear layers that something reads."""
        with torch.no_grad():
            return multiply_adds(self._read(), lambda: self.eval()(_blank(self.config.input)))

    def parameters_count(self) -> int:
        return sum(p.numel() for module in self._read() for p in module.parameters(recurse=False))

    def _read(self) -> Iterator[nn.Module]:
        return (module for name, module in self.named_modules() if name not in self.config.unread)


def takes(teacher: Teacher, spec: InputSpec) -> bool:
    """Whether the teacher's image side sees pictures of that size."""
    try:
        with torch.inference_mode():
            teacher.vision(_blank(spec))
    except Exception:  # any model class may land here; most transformers know one size only
        return False
    return True


def first_layers_of(teacher: Teacher, spec: InputSpec, num_classes: int) -> FirstLayers:
    """The teacher's first layers for pictures of that size, with new heads."""
    vision = copy.deepcopy(teacher.vision)
    with torch.inference_mode():
        _, middle_NCHW, deep_NCHW = vision(_blank(spec))
    config = FirstConfig(
        architecture=type(vision.model).__name__,
        model=plain_config(vision.model.config),
        is_dual=vision.is_dual,
        preprocessing=msgspec.structs.replace(teacher.preprocessing, height=spec.height, width=spec.width),
        embedding_dim=teacher.dim,
        num_classes=num_classes,
        hint=(deep_NCHW.shape[2], deep_NCHW.shape[3]),
        map=(middle_NCHW.shape[2], middle_NCHW.shape[3]),
        channels=(middle_NCHW.shape[1], deep_NCHW.shape[1]),
    )
    student = FirstLayers(config, vision)
    student.config = msgspec.structs.replace(config, unread=_unread(student))
    return student.eval()


def save_first(student: FirstLayers, folder: Path) -> None:
    """`model.json` and `model.safetensors`: plain data, no pickle, without what nothing reads."""
    unread = student.config.unread
    read = {name: value for name, value in student.state_dict().items() if name.rpartition(".")[0] not in unread}
    keep(student.config, read, folder)


def load_first(folder: Path) -> FirstLayers:
    """What `save_first` left. Raises TeacherError where a file is missing, damaged, or of another model."""
    return kept(folder, FirstConfig, _rebuilt)


def _rebuilt(config: FirstConfig, tensors: dict[str, Tensor]) -> FirstLayers:
    side = ImageSide(build_side(config.architecture, config.model), config.is_dual)
    student = FirstLayers(config, TeacherVision(side, config.preprocessing))
    for name, value in student.state_dict().items():
        if name.rpartition(".")[0] in config.unread:
            tensors[name] = torch.zeros_like(value)
    return filled(student, tensors)


def _unread(student: FirstLayers) -> tuple[str, ...]:
    """The modules with weights on which no answer depends: what comes after the deep grid."""
    trial = copy.deepcopy(student).requires_grad_(True)
    size = student.config.input
    layers = trial.trunk(torch.zeros(1, 3, size.height, size.width))
    answers = trial.heads(layers)
    sum((answer.sum() for answer in answers), torch.zeros(())).backward()  # type: ignore[no-untyped-call]  # its stub
    return tuple(
        name
        for name, module in trial.named_modules()
        if (own := list(module.parameters(recurse=False))) and all(p.grad is None for p in own)
    )


def _blank(spec: InputSpec) -> Tensor:
    return torch.zeros(1, spec.height, spec.width, 3, dtype=torch.uint8)
