"""`edgevl data check` as a person meets it: the table, the page, the exit code, and moving on demand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from compress.check.check import Check, check_data
from compress.check.check_page import marked, render, write_page
from compress.check.check_table import print_check
from compress.data.dataset import read_dataset
from compress.errors import DataError
from compress.progress import SilentReporter
from edgevl import app
from tests.compress.layouts import folder_set, shared_data, voc_set, write_pixels, write_voc
from tests.compress.scenes import scene
from tests.compress.test_duplicates import leaky_set
from tests.e2e.browser import chromium, complaints, hosts_asked, why_no_browser

HOSTILE = "<script>alert(1)</script> 刮痕 & [bold]"


def _check(root: Path) -> Check:
    return check_data(read_dataset(root), SilentReporter())


def _told(check: Check) -> str:
    console = Console(width=200, record=True, file=None, quiet=False)
    with console.capture() as captured:
        print_check(check, console)
    return captured.get()


def _sentences(check: Check, severity: str) -> str:
    return "\n".join(finding.sentence for finding in check.findings if finding.severity == severity)


def test_copies_across_splits_are_said_with_where_they_stand(tmp_path: Path) -> None:
    """And do not stop a run."""
    check = _check(leaky_set(tmp_path))
    assert "2 pairs of near-duplicates on two sides of a split (2 in train, 2 in test)" in _sentences(check, "harms")
    assert check.usable
    assert "mirrored" in _told(check)


def test_labels_over_the_edge_small_marks_and_few_parts_are_said(tmp_path: Path) -> None:
    """Each with the file or class that it concerns."""
    voc_set(tmp_path)
    write_voc(tmp_path / "annotations" / "dent_3.xml", ("dent", 3, 2, 40, 8))
    for i in range(2):
        write_pixels(tmp_path / "images" / f"rare_{i}.png", scene(i))
        write_voc(tmp_path / "annotations" / f"rare_{i}.xml", ("rare", 3, 2, 4, 3), size=(128, 96))
    check = _check(tmp_path)
    assert "labels of 1 pictures reach over the edge and are cut there: dent_3.png" in _sentences(check, "note")
    assert "class rare has 2 parts only" in _sentences(check, "harms")
    assert "2 of 18 marked defects are below 6 px on the model's input" in _sentences(check, "harms")


def test_the_same_picture_under_two_names_of_class_is_said(tmp_path: Path) -> None:
    """One of the two labels is wrong, and a person has to look."""
    root = leaky_set(tmp_path, leaks=0)
    write_pixels(root / "train" / "刮 痕 <b>" / "again.jpg", scene(3))
    assert "3 is good" in _sentences(_check(root), "harms")


def test_a_split_of_which_nothing_can_be_decoded_stops(tmp_path: Path) -> None:
    """A JPEG without its scan looks whole from outside. The exit code tells a script, the sentence a person."""
    root = leaky_set(tmp_path)
    for path in (root / "test").rglob("*.png"):
        whole = write_pixels(path.with_suffix(".jpg"), scene(1)).read_bytes()
        path.with_suffix(".jpg").write_bytes(whole[: whole.rfind(b"\xff\xda")] + path.name.encode() + b"\xff\xd9")
        path.unlink()
    done = CliRunner().invoke(app, ["data", "check", str(root)])
    assert done.exit_code == DataError.exit_code
    assert "stops" in done.output
    assert "20 files are left out" in done.output or "no readable picture is left in the test split" in done.output


def test_the_page_escapes_names_and_draws_what_is_marked(tmp_path: Path) -> None:
    """Class names come from folders and label files, which anybody may have written."""
    for i in range(8):
        for name in ("good", HOSTILE):
            stem = f"{'x' if name == HOSTILE else 'g'}{i}"
            write_pixels(tmp_path / f"{stem}.png", scene(i + 100 * (name == HOSTILE)))
            write_voc(tmp_path / f"{stem}.xml", (name, 30, 20, 60, 50), size=(128, 96))
    check = _check(tmp_path)
    page = render(check)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 刮痕" in page
    assert "[bold]" in _told(check)
    defective = next(s for s in check.dataset.samples if s.kind == "defect")
    good = next(s for s in check.dataset.samples if s.kind == "good")
    assert np.ptp(marked(defective), axis=2).max() > 100  # a coloured outline on a grey picture
    assert np.ptp(marked(good), axis=2).max() == 0


def test_moving_asks_and_says_how_to_undo(tmp_path: Path) -> None:
    """Without a terminal and without --yes nothing is written."""
    root = leaky_set(tmp_path)
    asked = CliRunner().invoke(app, ["data", "check", str(root), "--move"])
    assert asked.exit_code == 0
    assert "2 from test to train" in re.sub(r"\s+", " ", asked.output)
    assert "add --yes" in asked.output
    assert not (root / "edgevl-splits").exists()
    done = CliRunner().invoke(app, ["data", "check", str(root), "--move", "--yes"])
    assert "remove that folder to undo it" in re.sub(r"\s+", " ", done.output)
    assert "Nothing to move" in CliRunner().invoke(app, ["data", "check", str(root), "--move"]).output


def test_a_page_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """The folder of --html may not exist."""
    check = _check(leaky_set(tmp_path / "data"))
    with pytest.raises(DataError, match="give --html a file in a folder that exists"):
        write_page(check, tmp_path / "absent" / "page.html")


@pytest.mark.browser
@pytest.mark.skipif(why_no_browser() is not None, reason=str(why_no_browser()))
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_and_asks_nobody(tmp_path: Path, width: int) -> None:
    """On a desk and on a phone: nothing sticks out, every picture is there."""
    write_page(_check(leaky_set(tmp_path / "data", leaks=3)), tmp_path / "page.html")
    with chromium(width, 900) as browser:
        browser.get((tmp_path / "page.html").as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        shown = "[...document.images].filter(i => i.complete && i.naturalWidth > 0).length"
        count = browser.execute_script("return document.images.length")
        assert browser.execute_script(f"return {shown}") == count > 12
        assert complaints(browser) == []
        assert hosts_asked(browser) == set()


@pytest.mark.data
@pytest.mark.slow
def test_turned_copies_of_real_castings_are_found_across_splits() -> None:
    """Augmented copies stand on both sides although the split was made by groups; textures of steel do not match."""
    dataset = read_dataset(shared_data("casting"))
    check = check_data(dataset, SilentReporter())
    across = {frozenset((pair.first, pair.second)) for pair in check.duplicates.across(dataset)}
    assert frozenset(("cast_def_0_7825", "cast_def_0_7307")) in across
    assert len(across) < 60


def test_one_class_in_two_spellings_is_said(tmp_path: Path) -> None:
    """Two people wrote it; as two classes it could not be told apart."""
    check = _check(folder_set(tmp_path, "ok", "Dent", "dent"))
    assert "classes that only letter case or spaces tell apart: Dent and dent" in _sentences(check, "harms")
