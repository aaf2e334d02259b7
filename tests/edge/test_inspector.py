"""One picture in, one verdict out, on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge.bundle.load import Bundle, load_bundle
from edge.bundle.manifest import AnomalyRule
from edge.engines.golden import check_golden
from edge.engines.ort import OrtEngine
from edge.errors import EngineError
from edge.geometry import Region
from edge.inspection.inspector import Inspector
from tests.bundles import SIDE, flat, make_bundle


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


def test_a_part_unlike_good_ones_is_boxed_where_it_is_unlike_them(tmp_path: Path) -> None:
    """A bundle with an anomaly rule: a small bright patch leaves the class good, and the verdict an unknown defect."""
    bundle = make_bundle(tmp_path / "b", anomaly=AnomalyRule(threshold=0.8, map_threshold=0.6))
    image_HWC = flat(0, 320)
    image_HWC[80:160, 200:240] = 255
    for variant in ("float32", "int8"):
        engine = OrtEngine(bundle, variant, threads=1)
        assert check_golden(bundle, engine, variant).ok
        inspection = Inspector(bundle, engine).inspect(image_HWC)
        (box,) = inspection.boxes
        assert (inspection.decided.status, inspection.decided.class_name) == ("NG", "unknown defect")
        assert (box.x, box.y, box.w, box.h) == pytest.approx((200, 80, 40, 80), abs=12)
        assert Inspector(bundle, engine).inspect(flat(0, 320)).decided.status == "OK"
        engine.close()


def test_a_graph_without_the_anomaly_its_bundle_promises(tmp_path: Path) -> None:
    """It is refused before the first frame, by the name of what is missing."""
    bundle = make_bundle(tmp_path / "b")
    rule = msgspec.structs.replace(bundle.manifest.decision, anomaly=AnomalyRule(0.5, 0.5))
    promised = Bundle(bundle.path, msgspec.structs.replace(bundle.manifest, decision=rule))
    with pytest.raises(EngineError, match="anomaly_map"):
        OrtEngine(promised, "float32", threads=1)


def test_a_failing_engine_is_an_undecided_part(inspector: Inspector, engine: OrtEngine) -> None:
    """The line goes on; the reason is in the verdict, the engine's words are for the log."""
    engine.close()
    inspection = inspector.inspect(flat(0))
    assert (inspection.decided.status, inspection.decided.reason) == ("UNDECIDED", "engine_failed")
    assert inspection.error == "the engine is closed"
    assert inspection.boxes == ()
    assert inspection.map_HW is None
