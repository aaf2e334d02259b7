"""`edgevl history`: what a line said, as a table in the terminal, counts per hour, CSV or Parquet."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge.commands.filters import (
    CameraOption,
    ClassOption,
    DataFolderOption,
    SinceOption,
    StatusOption,
    UntilOption,
    none_fits,
)
from edge.errors import ConfigError, EdgevlError
from edge.verdict import Status

if TYPE_CHECKING:
    from edge.store.history import Bucket, History, StoredVerdict
    from edge.store.marks import MarkCounts

_SHOWN = 50
_REPORTS_AT_ONCE = 200
COLOURS = {"OK": "green", "NG": "bold red", "UNDECIDED": "bold yellow"}
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def history_command(
    line_file: Annotated[Path | None, typer.Argument(help="The line file whose data folder is read.")] = None,
    db: DataFolderOption = None,
    camera: CameraOption = None,
    status: StatusOption = None,
    class_name: ClassOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many, the newest.")] = None,
    marked: Annotated[
        bool, typer.Option("--marked", help="Only parts whose verdict somebody has marked as wrong.")
    ] = False,
    copy: Annotated[
        Path | None,
        typer.Option(help="With --marked: copy their pictures into a new folder, one below it for each true class."),
    ] = None,
    reports: Annotated[
        str | None, typer.Option(help="Also show the reports of the parts, in this language: zh-TW or en.")
    ] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Counts and yield per hour instead.")] = False,
    csv: Annotated[Path | None, typer.Option(help="Write a CSV file instead.")] = None,
    excel: Annotated[
        bool, typer.Option("--excel", help="With --csv: so that Excel shows Chinese, and no formula.")
    ] = False,
    parquet: Annotated[Path | None, typer.Option(help="Write a Parquet file instead.")] = None,
) -> None:
    """Look back: list, filter, count and export what a line said. Safe beside a running line.

    Example:  edgevl history configs/line-demo.toml --status NG --since 2h --reports zh-TW

    Example:  edgevl history configs/line-demo.toml --marked --copy learn-from
    """
    from edge.commands.marked import print_copied, print_counts
    from edge.language.grammar.languages import language_of
    from edge.store.export import write_csv, write_parquet
    from edge.store.history import History
    from edge.store.wanted import Wanted

    now = datetime.now(timezone.utc)
    if copy is not None and not marked:
        raise ConfigError("--copy is for the pictures of marked parts: write --marked --copy FOLDER")
    if reports is not None:
        language_of(reports)
    wanted = Wanted(
        status_named(status), camera, class_name, moment("--since", since, now), moment("--until", until, now), marked
    )
    folder = data_folder("history", line_file, db)
    console = Console()
    with readable(folder):
        history = History(folder)
        if summary:
            console.print(summary_table(history.hours(wanted), history.marked_hours(wanted)))
            print_counts(console, history, wanted)
            return
        if copy is not None:
            print_copied(console, history, list(history.select(wanted, limit)), copy)
            return
        if csv is None and parquet is None:
            found = list(history.select(wanted, limit or _SHOWN))
            if not found:
                console.print(none_fits(history, wanted), markup=False, highlight=False, soft_wrap=True)
                return
            console.print(verdicts_table(found))
            if marked:
                print_counts(console, history, wanted)
            if reports is not None:
                console.print(reports_table(history, found, reports))
            return
        if csv is not None:
            console.print(f"{write_csv(history.select(wanted, limit), csv, excel)} verdicts in {csv}", soft_wrap=True)
        if parquet is not None:
            console.print(
                f"{write_parquet(history.select(wanted, limit), parquet)} verdicts in {parquet}", soft_wrap=True
            )


def verdicts_table(found: Sequence[StoredVerdict]) -> Table:
    """Newest first, times as this machine's clock shows them; a column more where somebody has marked any.

    The id is what `edgevl ask`, `search` and `why` take.
    """
    from edge.commands.marked import mark_text

    has_marks = any(stored.mark is not None for stored in found)
    head = ("captured\nid, ends in camera and number", "status", "class or reason\nprobability", "ms", "picture")
    table = _whole(*head, *(["really"] if has_marks else []))
    table.columns[0].no_wrap = True  # an id is to be copied
    for stored in found:
        v = stored.verdict
        what = v.class_name or v.reason or ""
        time = datetime.fromisoformat(v.captured.replace("Z", "+00:00")).astimezone()
        table.add_row(
            f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03d}\n{escape(v.id)}",
            f"[{COLOURS[v.status]}]{v.status}[/]",
            f"{escape(what)}\n{v.probability:.3f}",
            f"{v.timings.total_ms:.1f}",
            "yes" if stored.has_picture else "",
            *([escape(mark_text(stored.mark))] if has_marks else []),
        )
    return table


def _whole(*head: str) -> Table:
    """A table that breaks what is too long for its column: Chinese has no spaces, and would be cut off."""
    table = Table()
    for name in head:
        table.add_column(name, overflow="fold")
    return table


def reports_table(history: History, found: Sequence[StoredVerdict], language: str) -> Table:
    """The reports of these verdicts in one language, and what the model adds; or why there is none."""
    table = _whole("camera", "number", "state", "report", "the model's own words, may be wrong")
    ids = [stored.verdict.id for stored in found]
    known = {
        verdict_id: report
        for start in range(0, len(ids), _REPORTS_AT_ONCE)
        for verdict_id, report in history.reports(ids[start : start + _REPORTS_AT_ONCE]).items()
    }
    for stored in found:
        report = known.get(stored.verdict.id)
        if report is not None:
            said, words = report.text.get(language, ""), report.words.get(language, "")
            table.add_row(escape(report.camera), str(report.verdict_number), report.state, escape(said), escape(words))
    return table


def summary_table(hours: Iterable[Bucket], marks: Mapping[datetime, MarkCounts]) -> Table:
    """One row an hour and a sum. The yield is OK / (OK + NG): UNDECIDED parts were not judged.

    marks: per hour; where there are any, how many verdicts of each hour were marked as escapes and as overkill.
    """
    more = ("marked escapes", "marked overkill") if marks else ()
    table = Table("hour", "verdicts", "OK", "NG", "UNDECIDED", "yield", "defects", *more)
    total: dict[str, int] = {"ok": 0, "ng": 0, "undecided": 0}
    for bucket in hours:
        c = bucket.counts
        defects = ", ".join(f"{name} {n}" for name, n in sorted(c.by_class.items(), key=lambda one: -one[1]))
        hour = f"{bucket.start.astimezone():%Y-%m-%d %H:%M}"
        said = [str(n) for n in _wrong(marks.get(bucket.start))] if marks else []
        table.add_row(hour, *_figures(c.ok, c.ng, c.undecided), escape(defects), *said)
        total = {"ok": total["ok"] + c.ok, "ng": total["ng"] + c.ng, "undecided": total["undecided"] + c.undecided}
    table.add_section()
    sums = [str(sum(numbers)) for numbers in zip(*map(_wrong, marks.values()), strict=True)]
    table.add_row("all", *_figures(**total), "", *sums)
    return table


def _wrong(marks: MarkCounts | None) -> tuple[int, int]:
    """Escapes and overkill."""
    return (marks.escapes, marks.overkill) if marks else (0, 0)


def _figures(ok: int, ng: int, undecided: int) -> list[str]:
    share = f"{ok / (ok + ng):.2%}" if ok + ng else ""
    return [str(ok + ng + undecided), str(ok), str(ng), str(undecided), share]


def status_named(text: str | None) -> Status | None:
    """Raises ConfigError."""
    if text is None:
        return None
    match text.upper():
        case "OK" | "NG" | "UNDECIDED" as status:
            return status
    raise ConfigError(f"--status {text!r} is none; write OK, NG or UNDECIDED")


def moment(option: str, text: str | None, now: datetime) -> datetime | None:
    """`2h` ago, or a day or time of this machine's clock where it names no zone. Raises ConfigError."""
    if text is None:
        return None
    try:
        if ago := re.fullmatch(r"(\d{1,6})([mhdw])", text):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        # Python 3.10 does not read the Z that the feed writes.
        return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise ConfigError(f"{option} {text!r} is no time; write 30m, 2h, 7d, 2026-11-24 or 2026-11-24T08:00") from None


def data_folder(command: str, line_file: Path | None, db: Path | None) -> Path:
    """The data folder that is meant. command: as it is typed, for the sentence. Raises ConfigError."""
    from edge.config.load import load_line
    from edge.store.database import DATABASE

    if (line_file is None) == (db is None):
        raise ConfigError(f"say which line: `edgevl {command} LINE.toml`, or --db FOLDER for a data folder, not both")
    folder = db if db is not None else load_line(line_file).line.data_dir if line_file else Path()
    folder = folder.parent if folder.name == DATABASE else folder
    if not (folder / DATABASE).is_file():
        raise ConfigError(
            f"no verdicts are in {folder}: {DATABASE} is missing; has this line run, and is it the folder?"
        )
    return folder


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """What SQLite raises, as one sentence."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise EdgevlError(
            f"cannot read the verdicts in {folder} ({error}); run this as the account of the line, or on a copy"
        ) from error
    except (sqlite3.DatabaseError, msgspec.DecodeError) as error:
        raise EdgevlError(
            f"the database in {folder} is damaged ({error}); the line sets it aside when it starts again"
        ) from error
