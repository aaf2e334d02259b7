"""The page of a run: whole, self-contained, honest about what was not measured, and deaf to what names say."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compress.data.samples import Dataset
from compress.report.record import Mistake, RunReport
from compress.report.report import MOST_PICTURES, MOST_PROBLEMS, render, write_html
from tests.compress.layouts import write_image
from tests.compress.run_report import NO_GOOD, SAID_PATHS, WITH_GOOD, make_report, write_mistaken_pictures

VOID = {"meta", "img", "br", "line", "rect"}
NOWHERE = Path("no-such-folder")


class Page(HTMLParser):
    """The page as a parser sees it: `tags` with the names of their attributes, `text`, and what it refers to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []
        self.references: list[str] = []
        self.open: list[str] = []
        self._words: list[str] = []
        self.feed(page)
        self.close()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))
        self.references += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href", "srcset"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self._words.append(data)


@pytest.mark.parametrize("classes", [WITH_GOOD, NO_GOOD, tuple(f"defect {i}" for i in range(30))])
@pytest.mark.parametrize("marked", [True, False])
def test_the_page_is_whole_and_needs_nothing_else(classes: tuple[str, ...], marked: bool, tmp_path: Path) -> None:
    """Every tag is closed, there is no script, and nothing refers to anything outside the file."""
    report = make_report(classes, per_class=240 // len(classes), marked=marked, sharpness=0.7)
    root = write_mistaken_pictures(report, tmp_path / "data")
    write_html(report, root, tmp_path / "report.html")
    raw = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page(raw)
    assert page.open == []
    assert page.references
    assert all(reference.startswith("data:image/jpeg;base64,") for reference in page.references)
    assert "script" not in {tag for tag, *_ in page.tags}
    assert not re.search(r"url\(|@import|https?:", raw)
    assert len(raw) < 2_000_000


def test_a_good_class_gives_escapes_and_overkill_with_their_intervals() -> None:
    """Counts, totals and intervals are those of the metrics."""
    report = make_report(WITH_GOOD, per_class=101, sharpness=0.7)
    text = Page(render(report, NOWHERE)).text
    assert "let 4 of 101 defective parts pass" in text
    assert "rejected 6 of 101 good ones" in text
    assert "1.6–9.7 % of defective parts" in text
    assert "an escape rate of up to 9.7 % is still possible" in text
    assert "18.8 times as fast as its teacher" in text
    assert "classifies only" not in text


def test_without_a_good_class_the_page_says_that_it_only_classifies() -> None:
    """No escapes, no overkill, no AUROC of parts: only the sentence that says why."""
    text = Page(render(make_report(NO_GOOD), NOWHERE)).text
    assert "this bundle classifies only" in text
    assert text.count("Escapes") == 1
    assert text.count("verkill") == 1
    assert "Good or defective" not in text


def test_what_was_not_measured_is_not_claimed() -> None:
    """No marked defects: no figure for the map. Few pictures of a class: a warning that names it."""
    text = Page(render(make_report(NO_GOOD, per_class=4, marked=False), NOWHERE)).text
    assert "Nobody marked defects in the test pictures" in text
    assert "AUPRO" not in text
    assert "fewer than 10 test pictures: crazing (4), " in text


def test_a_run_without_mistakes_still_says_what_may_be() -> None:
    """No error in 12 pictures allows 24.2 %: z2 / (n + z2) = 3.8415 / 15.8415."""
    report = make_report(("a", "b", "c"), per_class=4, sharpness=9.0)
    assert not report.mistakes
    text = Page(render(report, NOWHERE)).text
    assert "named the right defect on all 12 test pictures" in text
    assert "an error rate of up to 24.2 %" in text
    assert "95 % interval no" not in text


def test_the_float_model_ships_where_int8_was_not_worth_it() -> None:
    """Headline and tables then speak of the pruned float model."""
    report = make_report(NO_GOOD)
    shipped = replace(report.shipped, variant="float32", why="int8 is not faster here (3.10 ms against 2.84 ms)")
    text = Page(render(replace(report, shipped=shipped), NOWHERE)).text
    assert "The float32 bundle named the right defect" in text
    assert "The pruned float model ships: int8 is not faster here" in text
    assert "8.67 times as fast" in text


def test_the_worst_mistakes_come_first_and_missing_pictures_are_said(tmp_path: Path) -> None:
    """Escapes before overkill before mix-ups, at most 24; a picture that is gone or damaged is a blank."""
    mixed_up = tuple(Mistake(f"{i}.png", "dent", "hole", 0.9) for i in range(MOST_PICTURES))
    mistakes = (*mixed_up, Mistake("over.png", "good", "dent", 0.6), Mistake("escaped.png", "hole", "good", 0.5))
    report = replace(make_report(("dent", "good", "hole")), mistakes=mistakes)
    write_image(tmp_path / "over.png", 1, 3000, 700)
    (tmp_path / "escaped.png").write_bytes(b"no picture")
    page = Page(render(report, tmp_path))
    assert len(page.references) == 1
    assert page.text.count("the picture could not be read") == MOST_PICTURES - 1
    places = [page.text.index(name) for name in ("escaped.png", "over.png", "0.png")]
    assert places == sorted(places)
    assert f"{MOST_PICTURES} of {MOST_PICTURES + 2} wrong decisions" in page.text


@pytest.mark.parametrize("path", ["../secret.png", "{root}/secret.png", "secret\0.png"])
def test_no_picture_is_taken_from_outside_the_data(path: str, tmp_path: Path) -> None:
    """A path that leaves the data folder is not followed."""
    write_image(tmp_path / "secret.png", 0)
    (tmp_path / "data").mkdir()
    mistake = Mistake(path.format(root=tmp_path), "a", "b", 0.9)
    report = replace(make_report(("a", "b")), mistakes=(mistake,))
    assert Page(render(report, tmp_path / "data")).references == []


def test_problems_are_told_by_their_place_in_the_data_and_not_without_end(tmp_path: Path) -> None:
    """The rest of the path is this machine's business; thousands of problems stay in report.json."""
    report = make_report(NO_GOOD)
    sentence = report.trained.problems[0][1]
    data = Dataset(Path(SAID_PATHS), "folders", (), (), "", "")
    files = [Path(SAID_PATHS) / f"images/{i}.png" for i in range(MOST_PROBLEMS + 5)]
    many = tuple((data.below(file), sentence) for file in files)
    page = Page(render(_with_trained(report, problems=many), Path(SAID_PATHS)))
    assert "images/7.png is cut off" in page.text
    assert SAID_PATHS not in page.text
    assert data.below(Path("/elsewhere/on/this/machine/a.png")) == "a.png"
    assert page.text.count(sentence) == MOST_PROBLEMS
    assert f"{MOST_PROBLEMS + 5} files left out" in page.text


def test_a_file_name_that_is_no_unicode_does_not_stop_the_page(tmp_path: Path) -> None:
    """Such names exist on Linux; Python holds them as lone surrogates."""
    name = b"\xff\xfe.png".decode("utf-8", "surrogateescape")
    report = replace(make_report(NO_GOOD), mistakes=(Mistake(name, NO_GOOD[0], NO_GOOD[1], 0.9),))
    write_html(report, tmp_path, tmp_path / "report.html")
    assert "??.png" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_measures_that_do_not_exist_are_dashes() -> None:
    """Multiply-adds nobody counted, no stage timed, a test split without good parts."""
    report = make_report(WITH_GOOD)
    rows = []
    for row in report.rows:
        assert row.inspection is not None
        judged = replace(row.inspection, overkill=None, auroc=None, average_precision=None, f1_max=None)
        rows.append(replace(row, parameters=None, multiply_adds=None, inspection=judged))
    page = Page(render(replace(report, rows=tuple(rows), seconds={}), NOWHERE))
    assert "gave the right class to" in page.text
    assert "no good part is in the test split" in page.text
    assert page.open == []


PLAIN = make_report(("plain", "other"), per_class=12, sharpness=0.3)
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "]]></style><script>",
    "--><svg onload=alert(1)>",
    "刮傷與裂紋",
    "\u202egood",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_as_it_is(name: str) -> None:
    """The reader sees the very characters."""
    assert name in Page(render(_named(name), NOWHERE)).text


@settings(max_examples=40, deadline=None)
@given(name=st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=40)).filter(lambda n: n != "plain"))
def test_no_name_changes_the_page(name: str) -> None:
    """Whatever classes, files, teacher, notes and command are called, the tags and their attributes stay the same."""
    assert Page(render(_named(name), NOWHERE)).tags == STRUCTURE


def _named(name: str) -> RunReport:
    """A report in which everything that comes from outside is called so."""
    report = PLAIN
    call: Callable[[str], str] = lambda text: name if text == "plain" else text  # noqa: E731
    rows = []
    for row in report.rows:
        scores = tuple(replace(c, name=call(c.name)) for c in row.classification.classes)
        rows.append(replace(row, classification=replace(row.classification, classes=scores)))
    mistakes = tuple(Mistake(name, call(m.true_class), call(m.decided_class), 0.9) for m in report.mistakes)
    changed = replace(
        report,
        name=name,
        classes=tuple((call(text), kind) for text, kind in report.classes),
        rows=tuple(rows),
        mistakes=mistakes,
        shipped=replace(report.shipped, why=name, calibration=name),
        seconds={name: 1.0},
    )
    return _with_trained(
        changed,
        command=name,
        data=name,
        data_root=name,
        data_notes=(name,),
        problems=((name, name),),
        counts={name: {"train": 1, "val": 1, "test": 1}, "other": {"train": 1, "val": 1, "test": 1}},
        teacher=name,
        teacher_architecture=name,
        input_why=name,
    )


def _with_trained(report: RunReport, **changes: object) -> RunReport:
    return replace(report, trained=replace(report.trained, **changes))  # type: ignore[arg-type]


STRUCTURE = Page(render(_named("plain, too"), NOWHERE)).tags
