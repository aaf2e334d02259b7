"""`edgevl history`, as a person types it."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from edge.store.export import COLUMNS
from edge.store.store import DATABASE, StoreLimits, open_store
from edgevl import app
from tests.edge.feed_double import DOUBTFUL, GOOD, SCRATCHED, Part
from tests.edge.test_store import append, silent


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
    assert [history(*db, *more).stdout.count("│ belt") for more in [(), ("--status", "ng"), ("--class", "stain")]] == [
        4,
        2,
        1,
    ]
    assert history(*db, "--camera", "other").stdout.count("│ belt") == 0
    late = ("--since", "2026-01-31T12:01:00Z", "--until", "2026-01-31T12:03:00Z")
    shown = history(*db, *late).stdout
    assert shown.index("UNDECIDED") < shown.index("scratch")
    assert shown.count("│ belt") == 2
    assert history(*db, "--limit", "3").stdout.count("│ belt") == 3


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
