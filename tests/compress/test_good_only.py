"""The whole chain where only good parts teach, and where a class of defects is left out of the teaching."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compress.data.dataset import read_dataset
from compress.data.reading import Reading
from compress.errors import BudgetError, DataError
from compress.good_parts.unknown import known_classes, tells_unknown, with_unknown
from compress.judge.point import Budget
from compress.pipeline import compress
from compress.progress import SilentReporter
from edge.bundle.load import load_bundle
from edge.bundle.manifest import ClassSpec
from edge.engines.choose import open_engine
from edge.inspection.inspector import Inspector
from edge.verdict import UNKNOWN_DEFECT
from tests.compress import layouts
from tests.compress.conftest import FinishedRun
from tests.compress.small_run import SIDE, SMALL, write_parts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # two whole runs

HOLD_OUT = replace(SMALL, steps=30, reading=Reading(defects="hold-out"), budget=Budget(max_overkill=0.05))


@pytest.fixture(scope="module")
def good_only(finished_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """The small set again, its defects held out."""
    root = tmp_path_factory.mktemp("good")
    reporter = SilentReporter()
    bundle, report = compress(str(finished_run.teacher), finished_run.data, root / "out", HOLD_OUT, reporter)
    return FinishedRun(finished_run.teacher, finished_run.data, root / "out", bundle, report, tuple(reporter.lines))


def _part(seed: int, *, spotted: bool) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    picture = np.random.default_rng(seed).integers(120, 180, (SIDE, SIDE, 3), dtype=np.uint8)
    if spotted:
        picture[20:44, 16:40] = 10
    return picture


def test_the_device_rejects_what_it_was_never_shown(good_only: FinishedRun) -> None:
    """From good parts alone: new good parts pass, a spotted one is an unknown defect with a box on the spot."""
    bundle = load_bundle(good_only.out)
    assert bundle.manifest.classes == (ClassSpec("good", "good", {"zh-TW": "良品"}),)
    inspector = Inspector(bundle, open_engine(bundle, threads=1).engine)
    spotted = [inspector.inspect(_part(seed, spotted=True)) for seed in range(900, 910)]
    passed = [inspector.inspect(_part(seed, spotted=False)).decided.status == "OK" for seed in range(900, 940)]
    assert sum(passed) >= 28  # four held-out parts promise 32 of 40 on average, float and int8 one or two apart
    assert {(i.decided.status, i.decided.class_name) for i in spotted} == {("NG", UNKNOWN_DEFECT.name)}
    best = spotted[0].boxes[0]
    assert best.x < 40
    assert best.y < 44
    assert best.x + best.w > 16
    assert best.y + best.h > 20


def test_the_report_tells_what_good_parts_can_promise(good_only: FinishedRun) -> None:
    """Rows for teacher and student by the same measure, int8 held against float, and a promise with its limit."""
    report = good_only.report
    assert [row.name for row in report.rows] == ["teacher", "student", "pruned", "int8"]
    assert all(row.inspection is not None and row.inspection.auroc is not None for row in report.rows)
    assert report.parity.torch_onnx_flips == 0
    assert ("unknown defect", "defect") in report.classes
    assert report.shipped_rule.anomaly == good_only.bundle.manifest.decision.anomaly
    assert all(point.auroc is not None and point.escape is None for point in report.points[1:])
    assert "AUROC of made-up defects" in (good_only.out / "report.html").read_text(encoding="utf-8")
    (promised,) = [line for line in good_only.lines if line.startswith("parts unlike good ones")]
    assert "held-out good parts" in promised


def test_a_class_left_out_of_the_teaching_is_an_unknown_defect(finished_run: FinishedRun, tmp_path: Path) -> None:
    """With spots taught and a bright bar never shown, the bar is rejected by its unlikeness, not passed as good."""
    data = write_parts(tmp_path / "data")
    for index in range(8):
        picture = _part(500 + index, spotted=False)
        picture[:, 28:36] = 255
        layouts.write_pixels(data / "images" / f"bar_{index}.png", picture)
        layouts.write_voc(data / "annotations" / f"bar_{index}.xml", ("bar", 29, 1, 36, SIDE), size=(SIDE, SIDE))
    names = sorted(path.stem for path in (data / "images").iterdir())
    (data / "splits").mkdir()
    splits = {"test": [n for n in names if n.startswith("bar") or n[-1] == "3"]}
    splits["val"] = [n for n in names if n not in splits["test"] and n[-1] in "47"]
    splits["train"] = [n for n in names if n not in splits["test"] + splits["val"]]
    for split, listed in splits.items():
        (data / "splits" / f"{split}.txt").write_text("\n".join(listed))
    _, report = compress(str(finished_run.teacher), data, tmp_path / "out", replace(SMALL, steps=60), SilentReporter())
    assert [name for name, _ in report.classes] == ["good", "spot", "unknown defect"]
    confusion = np.array(report.shipped_row.classification.confusion_KK)
    assert confusion[2].sum() == 8
    assert confusion[2, 0] == 0
    assert confusion[2, 2] >= 4
    assert {c.name for c in load_bundle(tmp_path / "out").manifest.classes} == {"good", "spot"}


def test_what_is_learned_decides_whether_unknown_defects_are_told(finished_run: FinishedRun) -> None:
    """Nothing changes where all defects teach, unless it is asked for; held out, they become the unknown ones."""
    taught, held_out = read_dataset(finished_run.data), read_dataset(finished_run.data, defects="hold-out")
    assert with_unknown(taught) is taught
    assert [c.name for c in with_unknown(taught, wanted=True).classes] == ["good", "spot", "unknown defect"]
    unknown = with_unknown(held_out)
    assert tells_unknown(unknown)
    assert [c.name for c in known_classes(unknown)] == ["good"]
    assert {s.class_name for s in unknown.of("test")} == {"good", "unknown defect"}


def test_escapes_cannot_be_promised_without_a_defect(finished_run: FinishedRun, tmp_path: Path) -> None:
    """Said before any work is done."""
    recipe = replace(HOLD_OUT, budget=Budget(max_escape=0.01))
    with pytest.raises(BudgetError, match="without a defect"):
        compress(str(finished_run.teacher), finished_run.data, tmp_path / "out", recipe, SilentReporter())


def test_exploring_has_nothing_to_compare_by(finished_run: FinishedRun, tmp_path: Path) -> None:
    """No point could be better than another, so it is said instead of trying them all."""
    with pytest.raises(BudgetError, match="--explore compares models by the defects"):
        compress(
            str(finished_run.teacher), finished_run.data, tmp_path / "out", replace(HOLD_OUT, explore=True),
            SilentReporter(),
        )  # fmt: skip


def test_an_input_size_that_the_teachers_layers_do_not_take_is_refused(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    """A transformer of one size is shipped at that size, and another is not taken without a word."""
    recipe = replace(HOLD_OUT, input="M")
    with pytest.raises(DataError, match="--student first-layers sees pictures at this teacher's own size, not at M"):
        compress(str(finished_run.teacher), finished_run.data, tmp_path / "out", recipe, SilentReporter())


def test_a_class_of_that_name_is_refused(tmp_path: Path) -> None:
    """Verdicts could not be told apart."""
    for name in ("good", "unknown defect"):
        for index in range(12):
            layouts.write_image(tmp_path / name / f"{index}.png", hash((name, index)) % 10_000)
    with pytest.raises(DataError, match="another name"):
        with_unknown(read_dataset(tmp_path))
