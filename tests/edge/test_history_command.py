"""`edgevl history`, as a person types it."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from camera.image_file import read_image
from edge.geometry import Region
from edge.line.pictures import encode_jpeg
from edge.messages import Truth
from edge.store.database import DATABASE
from edge.store.export import COLUMNS
from edge.store.history import History
from edge.store.opening import open_store
from edge.store.rows import NewVerdict
from edge.store.store import StoreLimits
from edgevl import app
from tests.edge.feed_double import DOUBTFUL, GOOD, SCRATCHED, Part, mark_of
from tests.edge.test_store import append, keep, silent


def history(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["history", *arguments], env={"COLUMNS": "160", "TZ": "Asia/Taipei"})


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Parts a minute apart from noon UTC: good, scratched, doubtful, and one with a name a spreadsheet would run."""
    with open_store(tmp_path / "data", StoreLimits(), silent) as store:
        append(store, GOOD, SCRATCHED, DOUBTFUL, Part("NG", '=HYPERLINK("刮傷")'))
    return tmp_path / "data"


def test_the_list_is_filtered_by_every_option(data_dir: Path) -> None:
    """Status, class, camera and time each leave out the others; the newest come first."""
    db = ("--db", str(data_dir))
    filters = [(), ("--status", "ng"), ("--class", "stain")]
    assert [history(*db, *more).stdout.count("│ 1-belt-") for more in filters] == [4, 2, 1]
    assert history(*db, "--camera", "other").stdout.count("│ 1-belt-") == 0
    late = ("--since", "2026-01-31T12:01:00Z", "--until", "2026-01-31T12:03:00Z")
    shown = history(*db, *late).stdout
    assert shown.index("UNDECIDED") < shown.index("scratch")
    assert shown.count("│ 1-belt-") == 2
    assert history(*db, "--limit", "3").stdout.count("│ 1-belt-") == 3


def test_an_id_is_whole_in_a_narrow_terminal_too(data_dir: Path) -> None:
    """`edgevl ask`, `search` and `why` take it."""
    result = CliRunner().invoke(app, ["history", "--db", str(data_dir)], env={"COLUMNS": "80"})
    assert [f"│ 1-belt-{number} " in result.stdout for number in range(4)] == [True] * 4
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--class", "scratches"), "no part of class 'scratches' fits; classes of NG and UNDECIDED parts so far:"),
        (("--camera", "other"), "no part fits; leave out a filter"),
    ],
)
def test_an_empty_list_says_why(data_dir: Path, more: tuple[str, ...], said: str) -> None:
    """A class that was never there is answered with those that were."""
    assert said in history("--db", str(data_dir), *more).stdout


def test_the_summary_gives_counts_and_yield_per_hour(data_dir: Path) -> None:
    """UNDECIDED is no part of the yield."""
    (row,) = [line for line in history("--db", str(data_dir), "--summary").stdout.splitlines() if "all" in line]
    assert [cell.strip() for cell in row.split("│")[2:7]] == ["4", "1", "2", "1", "33.33%"]


@pytest.mark.parametrize("excel", [False, True])
def test_csv_holds_all_and_excel_is_not_tricked(data_dir: Path, tmp_path: Path, excel: bool) -> None:
    """The byte order mark and the apostrophe come with --excel only; nothing is left of the unfinished file."""
    out = tmp_path / "out.csv"
    result = history("--db", str(data_dir), "--csv", str(out), *(["--excel"] if excel else []))
    assert result.exit_code == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbf") == excel
    rows = list(csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert list(rows[0]) == list(COLUMNS)
    assert len(rows) == 4
    assert rows[0]["class_name"] == ("'" if excel else "") + '=HYPERLINK("刮傷")'
    assert json.loads(rows[2]["boxes"])[0]["w"] == 170
    assert list(tmp_path.glob("*.part")) == []


def test_parquet_keeps_types(data_dir: Path, tmp_path: Path) -> None:
    """Numbers are numbers, absent is null."""
    assert history("--db", str(data_dir), "--parquet", str(tmp_path / "out.parquet")).exit_code == 0
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.column_names == list(COLUMNS)
    assert table["number"].to_pylist() == [3, 2, 1, 0]
    assert table["reason"].to_pylist() == [None, "low_confidence", None, None]
    assert table["stored"].to_pylist() == [True] * 4


def test_marked_parts_are_listed_counted_and_exported(data_dir: Path, tmp_path: Path) -> None:
    """What the part really was stands with its verdict; markup in a note is text; counts say of how many."""
    db = ("--db", str(data_dir))
    assert "marked" not in history(*db, "--summary").stdout
    assert "nobody has marked" in history(*db, "--marked", "--copy", str(tmp_path / "none")).stdout
    assert not (tmp_path / "none").exists()
    mark(data_dir, 1, "good", note="[red]=1+1 反光", by="林")
    mark(data_dir, 2, "defect", "chip")
    mark(data_dir, 0, "defect")
    shown = history(*db, "--marked").stdout
    assert shown.count("│ 1-belt-") == 3
    for words in ("good, 林: [red]=1+1 反光", "chip", "another defect", "1 of 2 NG verdicts were marked good"):
        assert words in shown
    assert history(*db, "--marked", "--status", "NG").stdout.count("│ 1-belt-") == 1
    (row,) = [line for line in history(*db, "--summary").stdout.splitlines() if "│ all" in line]
    assert [cell.strip() for cell in row.split("│")[-3:-1]] == ["1", "1"]
    assert history(*db, "--csv", str(tmp_path / "x.csv"), "--excel").exit_code == 0
    rows = list(csv.DictReader((tmp_path / "x.csv").read_text(encoding="utf-8-sig").splitlines()))
    said = [(row["marked"], row["marked_class"], row["marked_note"], row["marked_by"]) for row in rows]
    assert said == [
        ("", "", "", ""),
        ("defect", "chip", "", ""),
        ("good", "", "[red]=1+1 反光", "林"),
        ("defect", "", "", ""),
    ]
    assert history(*db, "--marked", "--parquet", str(tmp_path / "x.parquet")).exit_code == 0
    assert pq.read_table(tmp_path / "x.parquet")["marked"].to_pylist() == ["defect", "good", "defect"]


def test_pictures_of_marked_parts_are_copied_by_their_true_class(data_dir: Path, tmp_path: Path) -> None:
    """Cut to what the model saw, or the very file where it saw all; what is missing is said; nothing is overwritten."""
    image_HWC = np.random.default_rng(1).integers(0, 255, (600, 800, 3), np.uint8)
    with open_store(data_dir, StoreLimits(), silent) as store:
        whole = append(store, SCRATCHED, first=4)[0]
        (stored,) = History(data_dir).recent(1)
        everything = msgspec.structs.replace(stored.verdict, region=Region(0, 0, 800, 600), number=5, id="1-belt-5")
        store.append([NewVerdict(everything, 1)])
        for verdict_id in ("1-belt-1", "1-belt-2", whole, "1-belt-5"):
            file = keep(store, data_dir, verdict_id, f"{verdict_id}.jpg")
            file.write_bytes(encode_jpeg(image_HWC, 90))
    mark(data_dir, 0, "defect")
    mark(data_dir, 1, "good")
    mark(data_dir, 2, "defect", "../../chip")
    mark(data_dir, 4, "unknown")
    mark(data_dir, 5, "defect")
    copied = history("--db", str(data_dir), "--marked", "--copy", str(tmp_path / "new"))
    assert copied.exit_code == 0, copied.stderr
    assert {path.relative_to(tmp_path / "new").as_posix() for path in (tmp_path / "new").rglob("*.*g")} == {
        "good/1-belt-1.png",
        "_.._chip/1-belt-2.png",
        "unlabelled/unknown/1-belt-4.png",
        "unlabelled/another-defect/1-belt-5.jpg",
    }
    assert f"1 in {tmp_path / 'new/good'}" in copied.stdout
    assert "of 1 marked parts no picture is kept" in copied.stdout
    kept = data_dir / "pictures/belt/1-belt-5.jpg"
    assert (tmp_path / "new/unlabelled/another-defect/1-belt-5.jpg").read_bytes() == kept.read_bytes()
    region = stored.verdict.region
    cut_HWC = read_image(tmp_path / "new/good/1-belt-1.png")
    whole_HWC = read_image(data_dir / "pictures/belt/1-belt-1.jpg")
    np.testing.assert_array_equal(cut_HWC, whole_HWC[region.y : region.y + region.h, region.x : region.x + region.w])
    again = history("--db", str(data_dir), "--marked", "--copy", str(tmp_path / "new"))
    assert (again.exit_code, "is there already, and not empty" in again.stderr) == (1, True)
    assert list(tmp_path.glob("*.part")) == []


def mark(
    data_dir: Path, number: int, truth: Truth, class_name: str | None = None, note: str = "", by: str = ""
) -> None:
    """As the writer of the line does."""
    stored = History(data_dir).verdict(f"1-belt-{number}")
    assert stored is not None
    with open_store(data_dir, StoreLimits(), silent) as store:
        said = mark_of(stored.verdict, truth, class_name, number)
        store.append_marks([msgspec.structs.replace(said, note=note, by=by)])


def test_without_pyarrow_parquet_is_one_sentence(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names what to install, and what works without."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = history("--db", str(data_dir), "--parquet", str(tmp_path / "out.parquet"))
    assert result.exit_code == 1
    assert ".[parquet]" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "say which line"),
        (["--db", "{}/absent"], "no verdicts are in"),
        (["--db", "{}", "--since", "yesterday"], "is no time"),
        (["--db", "{}", "--since", "999999w"], "is no time"),
        (["--db", "{}", "--status", "bad"], "write OK, NG or UNDECIDED"),
        (["--db", "{}", "--csv", "{}/absent/x.csv"], "cannot write"),
        (["--db", "{}", "--copy", "{}/new"], "write --marked --copy FOLDER"),
    ],
)
def test_a_wrong_option_is_one_sentence(data_dir: Path, arguments: list[str], sentence: str) -> None:
    """No traceback, and what to write instead."""
    result = history(*(argument.replace("{}", str(data_dir)) for argument in arguments))
    assert result.exit_code in (1, 3)
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_damaged_history_is_one_sentence(tmp_path: Path) -> None:
    """A file that is no database, for one."""
    (tmp_path / DATABASE).write_bytes(b"no database" * 1000)
    result = history("--db", str(tmp_path))
    assert result.exit_code == 1
    assert "is damaged" in result.stderr
