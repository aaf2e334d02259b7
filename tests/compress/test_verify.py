"""`edgevl verify`: a bundle's figures once more, on any pictures, on any engine, without torch."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

import edgevl
from compress.errors import DataError
from compress.progress import SilentReporter
from compress.report.record import write_report
from compress.verify.engines import opened
from compress.verify.reading import read_for
from compress.verify.verification import Verification, verify
from edge.bundle.files import write_manifest
from edge.bundle.load import Bundle, load_bundle
from edge.bundle.manifest import ClassSpec
from edge.engines.choose import OpenedEngine
from edge.engines.ort import OrtEngine
from tests.bundles import SIDE, WITH_GOOD, WITHOUT_GOOD, make_bundle, manifest_for
from tests.compress.layouts import shared_data, write_pixels
from tests.compress.run_report import make_report

ROOT = Path(__file__).parents[2]


def write_flat(path: Path, value: int) -> Path:
    """A picture of one brightness."""
    return write_pixels(path, np.full((SIDE, SIDE, 3), value, np.uint8))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twelve pictures of each class that the brightness bundle tells apart without a mistake."""
    for name, value in (("black", 0), ("grey", 120), ("white", 240)):
        for i in range(12):
            write_flat(tmp_path / "data" / name / f"{name} {i}.png", value + i)
    return tmp_path / "data"


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path / "bundle")


def with_report(bundle: Bundle, found: Verification) -> Bundle:
    """The bundle with a report that records what was found now."""
    (row,) = found.rows
    assert row.classification
    report = make_report(("good", "grey", "white"))
    rows = tuple(
        replace(r, classification=row.classification, inspection=row.inspection) if r.name == "int8" else r
        for r in report.rows
    )
    write_report(replace(report, rows=rows), bundle.path / "report.json")
    write_manifest(bundle.path, manifest_for(bundle.path, WITH_GOOD, ("float32", "int8")))
    return load_bundle(bundle.path)


def verified(bundle: Bundle, data: Path, *places: str, part: str = "all") -> Verification:
    with opened(bundle, "int8", places or ("cpu",)) as engines:
        dataset = read_for(bundle, data, part)  # type: ignore[arg-type]
        return verify(bundle, dataset, part, engines, SilentReporter())  # type: ignore[arg-type]


def command(bundle: Bundle, data: Path, *options: str) -> Result:
    return CliRunner().invoke(edgevl.app, ["verify", str(bundle.path), "--data", str(data), *options])


def test_it_repeats_what_the_report_says(bundle: Bundle, data: Path) -> None:
    """Same pictures, same graph, same rule: the recorded figures again, and exit code 0."""
    again = with_report(bundle, verified(bundle, data))
    run = command(again, data, "--engine", "cpu", "--variant", "int8", "--split", "all")
    assert run.exit_code == 0, run.output
    assert "within the 95 % intervals of the bundle's report" in run.output
    assert "no wrong decision" in run.output
    row = verified(again, data).rows[0]
    assert row.before is not None
    assert row.classification == row.before.row.classification
    assert row.inspection == row.before.row.inspection
    assert row.inspection
    assert row.inspection.escape
    assert (row.inspection.escape.count, row.inspection.escape.total) == (0, 24)


def test_what_is_worse_ends_with_its_own_exit_code(bundle: Bundle, data: Path) -> None:
    """Defective parts that pass: escapes and macro-F1 leave their intervals, the surest mistakes are listed."""
    again = with_report(bundle, verified(bundle, data))
    for i in range(12):
        write_flat(data / "grey" / f"dark {i}.png", 10 + i)
    run = command(again, data, "--engine", "cpu", "--variant", "int8", "--split", "all")
    assert run.exit_code == 9
    said = " ".join(run.output.split())
    assert "12 wrong decisions; the surest 10" in said
    assert "grey/dark 0.png: grey, decided black" in said
    assert re.search(r"escapes 33\.3 % are above the \S+ % that the report leaves open", said)
    assert "macro-F1" in said.split("worse than the bundle's report")[1]


def test_without_a_report_figures_are_given_and_not_judged(bundle: Bundle, data: Path) -> None:
    """A bundle made by hand, or one whose report another edgevl wrote."""
    assert verified(bundle, data).sentences[-1].startswith("the bundle carries no report.json")
    (bundle.path / "report.json").write_text('{"name": 3}')
    write_manifest(bundle.path, manifest_for(bundle.path, WITH_GOOD, ("float32", "int8")))
    found = verified(load_bundle(bundle.path), data)
    assert "was written by another edgevl" in found.sentences[-1]
    assert (found.compared, found.worse) == (False, ())


def test_classes_that_do_not_match_are_told(bundle: Bundle, data: Path) -> None:
    """Unknown defects count for escapes only, good parts may be called otherwise, absent classes are named."""
    for i in range(12):
        write_flat(data / "crack" / f"crack {i}.png", 128 + i)
    (data / "black").rename(data / "OK")
    (data / "grey").rename(data / "Grey")
    for file in (data / "white").iterdir():
        file.unlink()
    (data / "white").rmdir()
    found = verified(bundle, data)
    assert "OK is taken as the bundle's black" in found.sentences
    assert "Grey is taken as the bundle's grey" in found.sentences
    assert "the bundle does not know: crack (12); they count for escapes and overkill only" in found.sentences
    assert "no picture here of what the bundle also knows: white" in found.sentences
    (row,) = found.rows
    assert row.classification
    assert row.inspection
    assert row.inspection.escape
    assert sum(c.images for c in row.classification.classes) == 24
    assert row.inspection.escape.total == 24
    assert row.mistakes == ()


def test_pictures_of_nothing_it_knows_are_refused(tmp_path: Path) -> None:
    """A bundle that can only name defects has nothing to say about others."""
    bundle = make_bundle(tmp_path / "bundle", WITHOUT_GOOD)
    for name in ("crack", "hole"):
        write_flat(tmp_path / "data" / name / "0.png", 3)
    run = command(bundle, tmp_path / "data", "--split", "all")
    assert run.exit_code == 6
    assert "knows none of these classes: crack (1), hole (1); it knows: black, grey, white" in run.output


def test_a_single_class_or_picture_is_enough_to_look_at(bundle: Bundle, tmp_path: Path) -> None:
    """Training needs more; verifying does not. An empty test split says what to do."""
    write_flat(tmp_path / "data/grey/only.png", 128)
    run = command(bundle, tmp_path / "data", "--format", "folders", "--split", "all")
    assert run.exit_code == 0, run.output
    assert "0 of 1" in run.output
    dataset = read_for(bundle, tmp_path / "data", "all", "folders")
    trained = replace(dataset, samples=tuple(replace(s, split="train") for s in dataset.samples))
    with pytest.raises(DataError, match="no picture in its test split; use --split all"):
        verify(bundle, trained, "test", [], SilentReporter())


def test_engines_that_differ_are_shown_side_by_side(bundle: Bundle, data: Path) -> None:
    """A picture beside the threshold: int8 lets it pass, float32 does not."""
    image = np.full((SIDE, SIDE, 3), 61, np.uint8)
    image[: SIDE * 9 // 16] = 66
    write_pixels(data / "grey" / "edge.png", image)
    engines = [OpenedEngine(OrtEngine(bundle, name, threads=1), name, "asked for") for name in ("float32", "int8")]
    found = verify(bundle, read_for(bundle, data, "all"), "all", engines, SilentReporter())
    (flips,) = found.flips
    assert flips.paths == ("grey/edge.png",)
    assert [len(row.mistakes) for row in found.rows] == [0, 1]


def test_a_picture_that_cannot_be_read_is_listed(bundle: Bundle, data: Path) -> None:
    """And the others are judged."""
    (data / "grey" / "torn.png").write_bytes((data / "grey" / "grey 0.png").read_bytes()[:60])
    run = command(bundle, data, "--split", "all")
    assert run.exit_code == 0, run.output
    assert "torn.png" in "".join(run.output.split())


def test_the_page_needs_nothing_and_escapes_names(tmp_path: Path) -> None:
    """Hostile class and file names are text; mistakes have their pictures inside."""
    classes = (ClassSpec("<b>ok</b>", "good"), *WITH_GOOD[1:])
    bundle = make_bundle(tmp_path / "bundle", classes)
    for name, value in (("<b>ok<", 0), ("grey", 0)):
        for i in range(3):
            write_flat(tmp_path / "data" / name.replace("/", "") / f"<script>{i}.png", value + i)
    page = tmp_path / "pages" / "found.html"
    run = command(bundle, tmp_path / "data", "--split", "all", "--html", str(page))
    assert run.exit_code == 0, run.output
    text = page.read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "<b>ok" not in text
    assert "&lt;script&gt;0.png" in text
    assert text.count("data:image/jpeg;base64,") >= 3
    assert "http" not in text.replace("http-equiv", "")


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--split", "half"], 6, "--split half is not known; choose one of: test, all"),
        (["--engine", "gpu"], 5, "no engine called gpu; choose one of: tensorrt, cuda, openvino, cpu"),
        (["--engine", "tensorrt"], 5, "tensorrt needs an engine file"),
        (["--variant", "fp16"], 4, "no variant 'fp16'; it has: float32, int8"),
        (["--group", "("], 6, "not a regular expression"),
    ],
)
def test_bad_input_is_one_sentence(bundle: Bundle, data: Path, options: list[str], code: int, says: str) -> None:
    """With the exit code of what is wrong."""
    run = command(bundle, data, *options)
    assert run.exit_code == code
    assert says in " ".join(run.output.split())


def test_it_runs_where_torch_is_not_installed(bundle: Bundle, data: Path, tmp_path: Path) -> None:
    """On a device: none of the workshop's libraries is imported, not even for the page."""
    program = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('torch', 'onnx', 'onnxscript', 'transformers', 'peft', 'accelerate'):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "import edgevl\n"
        "edgevl.main()\n"
    )
    options = ["verify", str(bundle.path), "--data", str(data), "--html", str(tmp_path / "found.html")]
    done = subprocess.run(
        [sys.executable, "-c", program, *options], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no wrong decision" in done.stdout


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(p.parent.name for p in ROOT.glob("bundles/*/report.json")))
def test_the_shipped_bundles_repeat_their_figures(name: str) -> None:
    """On the real images each was tested on, on this machine's CPU."""
    data = shared_data(name)
    bundle = load_bundle(ROOT / "bundles" / name)
    with opened(bundle, bundle.manifest.default_variant, ["cpu"]) as engines:
        found = verify(bundle, read_for(bundle, data, "test"), "test", engines, SilentReporter())
    assert found.compared
    assert found.worse == ()


def test_the_picture_reader_is_the_devices(bundle: Bundle, data: Path) -> None:
    """A picture larger than the input goes through the device's own preprocessing."""
    large = cv2.resize(np.full((SIDE, SIDE, 3), 128, np.uint8), (300, 200))
    write_pixels(data / "grey" / "large.jpg", large)
    assert verified(bundle, data).rows[0].mistakes == ()
