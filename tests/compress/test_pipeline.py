"""The whole chain on a tiny data set: what it leaves, and how it goes on after a stop."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from compress.data.dataset import read_dataset
from compress.data.pictures import find_unreadable, without
from compress.errors import DataError
from compress.judge.point import Budget
from compress.pipeline import compress
from compress.progress import SilentReporter
from compress.report.record import read_report
from compress.workspace import open_workspace
from edge.bundle.load import load_bundle
from edge.engines.golden import check_golden
from edge.engines.ort import OrtEngine
from tests.compress.conftest import FinishedRun
from tests.compress.small_run import SMALL

ROOT = Path(__file__).parents[2]
STAGES = (
    "0-duplicates", "0-decode", "1-teacher", "2-distil-medium", "4-prune-medium-1", "5-export", "6-quantise",
    "6-for-gpu", "7-judge", "8-evaluate",
)  # fmt: skip


@pytest.fixture
def copied(finished_run: FinishedRun, tmp_path: Path) -> Path:
    """`out` of the finished run beside its working folder, free to be changed."""
    shutil.copytree(finished_run.work, tmp_path / "out.work")
    return Path(shutil.copytree(finished_run.out, tmp_path / "out"))


def _kept(lines: list[str]) -> list[str]:
    return [line.split(":")[0] for line in lines if ": kept, finished earlier" in line]


def _made(lines: list[str]) -> list[str]:
    return [line.split(":")[0] for line in lines if ": done in" in line]


@pytest.mark.parametrize("variant", ["float32", "int8", "int8-gpu", "float16"])
def test_the_device_accepts_the_bundle_and_its_engine_agrees(finished_run: FinishedRun, variant: str) -> None:
    """Every variant loads in the device's own engine and reproduce the golden frames."""
    bundle = load_bundle(finished_run.out)
    engine = OrtEngine(bundle, variant, threads=1)
    assert check_golden(bundle, engine, variant).ok
    engine.close()


def test_the_manifest_says_what_went_in(finished_run: FinishedRun) -> None:
    """Classes with their kind, the teacher, and a threshold because there is a good class."""
    manifest = finished_run.bundle.manifest
    assert [(c.name, c.kind) for c in manifest.classes] == [("good", "good"), ("spot", "defect")]
    assert manifest.teacher == "clip (CLIPModel)"
    assert manifest.embedding_dim == 24
    assert manifest.decision.defect_threshold is not None


def test_the_report_beside_the_bundle_can_be_read_back(finished_run: FinishedRun) -> None:
    """report.json is the run's report, with a row per model and torch and ONNX in agreement."""
    report = read_report(finished_run.out / "report.json")
    assert report == finished_run.report
    assert [row.name for row in report.rows] == ["teacher", "student", "pruned", "int8"]
    assert (report.parity.torch_onnx_flips, report.parity.images) == (0, 12)
    assert report.parity.torch_onnx_max_difference <= 1e-3
    assert (finished_run.out / "report.html").stat().st_size > 0


def test_nothing_of_the_machine_is_in_the_bundle(finished_run: FinishedRun) -> None:
    """No path of the data, the teacher or the source files."""
    private = (str(finished_run.data).encode(), str(finished_run.teacher).encode(), str(ROOT).encode())
    for file in finished_run.out.rglob("*"):
        if file.is_file():
            assert not any(path in file.read_bytes() for path in private), file.name


def test_a_second_run_keeps_every_stage_and_says_so(finished_run: FinishedRun, copied: Path) -> None:
    """Nothing is made anew, and the bundle comes out the same."""
    assert _made(list(finished_run.lines)) == list(STAGES)
    reporter = SilentReporter()
    bundle, _ = compress(str(finished_run.teacher), finished_run.data, copied, SMALL, reporter)
    assert _kept(reporter.lines) == list(STAGES)
    assert _made(reporter.lines) == []
    assert bundle.manifest.files["model.int8.onnx"] == finished_run.bundle.manifest.files["model.int8.onnx"]


def test_a_changed_recipe_remakes_only_what_depends_on_it(finished_run: FinishedRun, copied: Path) -> None:
    """A budget decides how far int8 may go, what ships, and with which threshold."""
    reporter = SilentReporter()
    recipe = replace(SMALL, budget=Budget(max_escape=1.0, max_drop=1.0))
    compress(str(finished_run.teacher), finished_run.data, copied, recipe, reporter)
    made = ["6-quantise", "7-judge", "8-evaluate"]
    assert _made(reporter.lines) == made
    assert _kept(reporter.lines) == [stage for stage in STAGES if stage not in made]
    assert any(line.startswith("int8: ") and "escapes" in line for line in reporter.lines)


def test_a_run_killed_while_it_trains_goes_on_after_the_last_finished_stage(
    finished_run: FinishedRun, copied: Path
) -> None:
    """kill -9 leaves no half stage behind; the next start says what it kept and ends with the same student."""
    for stage in STAGES[3:]:
        shutil.rmtree(copied.with_name("out.work") / stage)
    command = [sys.executable, "-m", "tests.compress.small_run"]
    command += [str(finished_run.teacher), str(finished_run.data), str(copied)]
    with subprocess.Popen([*command, "100000"], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any("begins: student learns" in line for line in process.stdout)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    reporter = SilentReporter()
    compress(str(finished_run.teacher), finished_run.data, copied, SMALL, reporter)
    assert _kept(reporter.lines) == list(STAGES[:3])
    assert _made(reporter.lines) == list(STAGES[3:])
    weights = "2-distil-medium/model.safetensors"
    again, first = copied.with_name("out.work") / weights, finished_run.work / weights
    assert again.read_bytes() == first.read_bytes()


def test_two_runs_in_one_folder(finished_run: FinishedRun, tmp_path: Path) -> None:
    """The second is told that the first is working there."""
    with (
        open_workspace(tmp_path / "out.work", SilentReporter()),
        pytest.raises(DataError, match="another run is working"),
    ):
        compress(str(finished_run.teacher), finished_run.data, tmp_path / "out", SMALL, SilentReporter())


def test_out_is_never_a_folder_of_something_else(finished_run: FinishedRun, tmp_path: Path) -> None:
    """Thesis.docx must survive a wrong --out."""
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(DataError, match="is not a bundle"):
        compress(str(finished_run.teacher), finished_run.data, tmp_path, SMALL, SilentReporter())
    assert (tmp_path / "thesis.docx").read_text() == "years of work"


def test_out_below_a_file(finished_run: FinishedRun, tmp_path: Path) -> None:
    """A folder that cannot be made is a sentence, not a traceback."""
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot make the folder"):
        compress(str(finished_run.teacher), finished_run.data, tmp_path / "file" / "out", SMALL, SilentReporter())


def test_out_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finished_run: FinishedRun) -> None:
    """The working folder is named after it."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="no name of its own"):
        compress(str(finished_run.teacher), finished_run.data, Path(), SMALL, SilentReporter())


def test_unreadable_pictures_and_broken_labels_are_listed_and_left_out(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    """One bad file ends no run; all good ones stay. Damage inside a JPEG shows only when it is decoded."""
    root = Path(shutil.copytree(finished_run.data, tmp_path / "data"))
    (root / "images" / "good_00.png").write_bytes(b"not a picture")
    (root / "annotations" / "spot_01.xml").write_text("<annotation><object>")
    listed = read_dataset(root)
    dataset = without(listed, find_unreadable(listed))
    named = {p.path.name: p.sentence for p in dataset.problems}
    assert "is not an image or is damaged" in named["good_00.png"]
    assert "is not valid XML" in named["spot_01.xml"]
    assert not {"good_00", "spot_01"} & {s.name for s in dataset.samples}
    assert len(dataset.samples) == 46


def test_an_empty_folder_is_one_sentence(finished_run: FinishedRun, tmp_path: Path) -> None:
    """Before any work is done."""
    (tmp_path / "data").mkdir()
    with pytest.raises(DataError, match="data"):
        compress(str(finished_run.teacher), tmp_path / "data", tmp_path / "out", SMALL, SilentReporter())
