"""The towers as the two graphs of `edge.search.meaning`."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from compress.quiet import quiet
from compress.search.learn import Towers
from compress.search.towers import SmallTextTower
from compress.students.export import OPSET, tidy
from edge.search.sentence import GRAMS, UNITS


def export(towers: Towers, text_file: Path, part_file: Path) -> None:
    """Write both; the text encoder's table in eight bits."""
    ids = torch.ones(2, UNITS, GRAMS, dtype=torch.int32)
    embedding = torch.zeros(2, towers.part.look.in_features)
    seen = torch.zeros(2, towers.part.said.in_features)
    _export(SmallTextTower(towers.text).eval(), {"ids": ids}, text_file)
    _export(towers.part, {"embedding": embedding, "seen": seen}, part_file)


def _export(model: nn.Module, inputs: dict[str, Tensor], file: Path) -> None:
    batch = torch.export.Dim("batch", min=1, max=4096)
    with quiet():
        torch.onnx.export(
            model,
            tuple(inputs.values()),
            str(file),
            dynamo=True,
            dynamic_shapes=tuple({0: batch} for _ in inputs),
            input_names=list(inputs),
            output_names=["vector"],
            opset_version=OPSET,
            external_data=False,
            verbose=False,
        )
    tidy(file)
