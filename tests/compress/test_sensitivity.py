"""Layer by layer: the harmful one is found, and goes back to float first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from compress.int8.qdq import Range
from compress.int8.quantise import Plan, plan, run_prob
from compress.int8.sensitivity import LayerLoss, relax, sensitivity, title
from compress.progress import SilentReporter
from tests.compress.tiny_graph import TinyGraph, make_tiny_graph


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyGraph:
    return make_tiny_graph(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def hurt(tiny: TinyGraph) -> Plan:
    """A plan whose third layer was calibrated on an outlier a hundred times the rest."""
    planned, _ = plan(tiny.file, tiny.calibration, tiny.val.image_NHWC)
    name = planned.layers[2].output
    return replace(planned, ranges={**planned.ranges, name: Range(0.0, 100 * planned.ranges[name].high)})


def test_the_table_has_every_layer_and_names_the_harmful_ones(hurt: Plan, tiny: TinyGraph, tmp_path: Path) -> None:
    """Those around the spoilt tensor come first; nothing is left in the folder; the table is plain data."""
    losses = sensitivity(hurt, tiny.val.image_NHWC, tmp_path, SilentReporter())
    assert len(losses) == len(hurt.layers)
    assert {loss.layer for loss in losses[:2]} <= {"convs.2.0", "convs.3.0", "map_fine"}
    assert losses[0].difference > 3 * losses[3].difference
    assert not list(tmp_path.iterdir())
    assert msgspec.json.decode(msgspec.json.encode(losses), type=tuple[LayerLoss, ...]) == losses


def test_layers_go_back_to_float_until_the_limit_holds(hurt: Plan, tiny: TinyGraph, tmp_path: Path) -> None:
    """The most harmful first, one more a try, and the graph left behind is the one that held."""
    val_NHWC = tiny.val.image_NHWC
    float_NK = run_prob(tiny.file, val_NHWC)

    def close_enough(file: Path) -> bool:
        return float(np.abs(run_prob(file, val_NHWC) - float_NK).mean()) < 0.005

    losses = sensitivity(hurt, val_NHWC, tmp_path, SilentReporter())
    left, tries = relax(hurt, losses, val_NHWC, tmp_path / "int8.onnx", close_enough)
    assert [t.holds for t in tries] == [False] * (len(tries) - 1) + [True]
    assert len(tries) > 1
    assert tries[-1].float_layers == tuple(loss.layer for loss in losses[: len(tries) - 1])
    assert close_enough(tmp_path / "int8.onnx")
    assert {title(layer.weight) for layer in left.layers}.isdisjoint(tries[-1].float_layers)
    assert [f.name for f in tmp_path.iterdir()] == ["int8.onnx"]


def test_a_limit_that_cannot_hold_leaves_one_layer(hurt: Plan, tiny: TinyGraph, tmp_path: Path) -> None:
    """Every try is told, none holds, and the last one has a single int8 layer."""
    losses = sensitivity(hurt, tiny.val.image_NHWC, tmp_path, SilentReporter())
    left, tries = relax(hurt, losses, tiny.val.image_NHWC, tmp_path / "int8.onnx", lambda _: False)
    assert len(tries) == len(hurt.layers)
    assert not tries[-1].holds
    assert len(left.layers) == 1
