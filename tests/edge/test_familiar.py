"""Parts of another resolution than the training pictures are spoken of, once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from camera.frame import Frame
from edge.bundle.manifest import InputSpec
from edge.config.sections import MAIN
from edge.engines.ort import OrtEngine
from edge.geometry import Region
from edge.inspection.inspector import Inspector
from edge.inspection.tiles import Tiling
from edge.line.familiar import unlike_training
from edge.line.judge import Judge, Work
from edge.line.ledger import Ledger
from edge.line.recipes import Recipe
from tests.bundles import flat, make_bundle


@pytest.mark.parametrize(
    ("region", "tiling", "is_said"),
    [
        (Region(0, 0, 100, 80), None, False),
        (Region(7, 7, 110, 90), None, False),  # a part that lies askew is a little larger
        (Region(0, 0, 200, 160), None, True),
        (Region(0, 0, 50, 40), None, True),
        (Region(0, 0, 4000, 3000), Tiling(100, 80), False),
        (Region(0, 0, 100, 80), Tiling(400, 320), True),
    ],
)
def test_another_resolution_is_told(tmp_path: Path, region: Region, tiling: Tiling | None, is_said: bool) -> None:
    """By the area of what the model gets to see: the part, or a tile of it."""
    manifest = make_bundle(tmp_path / "b").manifest
    assert unlike_training(region, tiling, manifest) is None
    trained = msgspec.structs.replace(manifest, trained_on=InputSpec(height=80, width=100))
    said = unlike_training(region, tiling, trained)
    assert (said is not None) == is_said
    assert said is None or "learned from were 100x80" in said


def test_it_is_said_once_for_each_camera(tmp_path: Path) -> None:
    """Not for every part of an hour."""
    bundle = make_bundle(tmp_path / "b")
    trained = msgspec.structs.replace(bundle.manifest, trained_on=InputSpec(height=8, width=8))
    bundle = replace(bundle, manifest=trained)
    said: list[str] = []
    ledger, judge = Ledger(("left", "right")), Judge(said.append)
    recipe = Recipe(MAIN, Inspector(bundle, OrtEngine(bundle, "float32", threads=1)))
    for camera in ("left", "right", "left", "right"):
        judge.judge([Work(ledger.open(camera), Frame(flat(0, 32), 0, 0, 0, camera), None, recipe)])
    assert [one.split(":")[0] for one in said] == ["left", "right"]
