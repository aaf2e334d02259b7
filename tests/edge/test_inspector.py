"""One picture in, one verdict out, on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.bundle import load_bundle
from edge.engines.ort import OrtEngine
from edge.inspector import Inspector
from edge.messages import Region
from tests.bundles import SIDE, flat


@pytest.fixture
def engine(small_bundle: Path) -> Iterator[OrtEngine]:
    engine = OrtEngine(load_bundle(small_bundle), "float32", threads=1)
    yield engine
    engine.close()


@pytest.fixture
def inspector(small_bundle: Path, engine: OrtEngine) -> Inspector:
    return Inspector(load_bundle(small_bundle), engine)


@pytest.mark.parametrize(("level", "status", "name"), [(0, "OK", "black"), (128, "NG", "grey"), (255, "NG", "white")])
def test_the_verdict_follows_the_picture(inspector: Inspector, level: int, status: str, name: str) -> None:
    """Dark is good in this bundle; an OK part has no boxes, an NG part has one over all of it."""
    inspection = inspector.inspect(flat(level, 3 * SIDE))
    assert (inspection.decided.status, inspection.decided.class_name) == (status, name)
    assert len(inspection.boxes) == (status == "NG")
    assert inspection.region == Region(0, 0, 3 * SIDE, 3 * SIDE)
    assert inspection.embedding_D is not None
    assert np.linalg.norm(inspection.embedding_D) == pytest.approx(1, abs=1e-5)


def test_only_the_region_is_judged_and_boxes_are_in_frame_pixels(inspector: Inspector) -> None:
    """A bright defect outside the region does not count; inside it is boxed where it is in the frame."""
    image_HWC = flat(0, 400)
    image_HWC[100:300, 200:300] = 255
    assert inspector.inspect(image_HWC, Region(0, 0, 160, 400)).decided.status == "OK"
    inspection = inspector.inspect(image_HWC, Region(150, 80, 160, 240))
    (box,) = inspection.boxes
    assert inspection.decided.status == "NG"
    assert (box.x, box.y, box.w, box.h) == pytest.approx((200, 100, 100, 200), abs=12)


@pytest.mark.parametrize("region", [Region(-50, -50, 5000, 5000), Region(390, 390, 50, 50), Region(900, 900, 5, 5)])
def test_a_region_beyond_the_frame_is_cut_to_it(inspector: Inspector, region: Region) -> None:
    """What is left inside is judged; where nothing is left, the whole frame."""
    judged = inspector.inspect(flat(0, 400), region).region
    assert judged.x >= 0
    assert judged.x + judged.w <= 400
    assert judged.w > 0
    assert judged.h > 0


def test_a_failing_engine_is_an_undecided_part(inspector: Inspector, engine: OrtEngine) -> None:
    """The line goes on; the reason is in the verdict, the engine's words are for the log."""
    engine.close()
    inspection = inspector.inspect(flat(0))
    assert (inspection.decided.status, inspection.decided.reason) == ("UNDECIDED", "engine_failed")
    assert inspection.error == "the engine is closed"
    assert inspection.boxes == ()
    assert inspection.map_HW is None
