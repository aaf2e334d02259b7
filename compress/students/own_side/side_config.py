"""What both students of the teacher's own layers are rebuilt from: plain data."""

from __future__ import annotations

from typing import Any

import msgspec

from compress.teachers.features import Grids
from compress.teachers.teacher_input import Preprocessing
from edge.bundle.manifest import InputSpec


class SideConfig(msgspec.Struct, frozen=True):
    """architecture: the class of transformers; model: its configuration. hint, map: sizes of the grids, in cells."""

    architecture: str
    model: dict[str, Any]
    is_dual: bool
    preprocessing: Preprocessing
    embedding_dim: int
    num_classes: int
    hint: tuple[int, int]
    map: tuple[int, int]

    @property
    def input(self) -> InputSpec:
        return InputSpec(self.preprocessing.height, self.preprocessing.width)

    @property
    def grids(self) -> Grids:
        return Grids(self.input, self.hint, self.map)


def plain_config(config: Any) -> dict[str, Any]:
    """A configuration as JSON has it."""
    said: dict[str, Any] = msgspec.json.decode(config.to_json_string(use_diff=False))
    return said
