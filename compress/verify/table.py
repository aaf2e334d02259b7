"""A verification as a table and a few lines for a terminal of 80 columns."""

from __future__ import annotations

from string import ascii_uppercase

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from compress.judge.metrics import Inspection, Rate
from compress.report import numerals
from compress.verify.recorded import Recorded
from compress.verify.verification import EngineRow, Verification

MOST_MISTAKES = 10
_MOST_FLIPS = 5


def print_verification(found: Verification, console: Console) -> None:
    """The figures, what changed against the report, and the worst mistakes."""
    for sentence in found.sentences:
        console.print(Text(sentence))
    console.print(Text(f"\n{found.bundle_name} ({found.bundle_id})", style="bold"))
    for letter, row in zip(ascii_uppercase, found.rows, strict=False):
        console.print(Text(f"{letter}: {row.name}; {row.why}"))
    console.print(_table(found))
    for letter, row in zip(ascii_uppercase, found.rows, strict=False):
        if row is not found.rows[0] and row.mistakes and _wrong(row) == _wrong(found.rows[0]):
            console.print(Text(f"{letter}: the same wrong decisions as A"))
        else:
            _print_row(letter, row, console)
    for flips in found.flips:
        _print_flips(flips.one, flips.other, flips.paths, console)
    console.print(Text(verdict(found), style="bold red" if found.worse else "bold green" if found.compared else "bold"))


def verdict(found: Verification) -> str:
    """What it comes to, in a sentence."""
    if found.worse:
        return f"worse than the bundle's report: {'; '.join(found.worse)}"
    if not found.compared:
        return "nothing was compared with the bundle's report"
    return "within the 95 % intervals of the bundle's report, or better"


def _table(found: Verification) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, padding=(0, 1))
    table.add_column("engine", no_wrap=True)
    judged = any(row.inspection for row in found.rows)
    for column in ["images", "ms", "macro-F1", *(["escapes", "overkill", "AUROC"] if judged else []), "AUPRO"]:
        table.add_column(column, justify="right", no_wrap=True)
    for letter, row in zip(ascii_uppercase, found.rows, strict=False):
        table.add_row(*_measured(f"{letter}: {row.variant}", row, judged))
    for variant, before in {row.variant: row.before for row in found.rows if row.before}.items():
        table.add_row(*_before(variant, before, judged), style="dim")
    return table


def _measured(label: str, row: EngineRow, judged: bool) -> list[Text]:
    found = row.classification
    f1 = Text(numerals.NOTHING)
    if found is not None:
        f1 = _over(numerals.score(found.macro_f1), numerals.score_interval(found.macro_f1_interval))
    return [
        Text(label),
        Text(f"{row.images:,}"),
        Text(numerals.three_digits(row.ms)),
        f1,
        *(_judged(row.inspection) if judged else []),
        Text(numerals.score(row.localisation.aupro)),
    ]


def _before(variant: str, before: Recorded, judged: bool) -> list[Text]:
    found = before.row.classification
    return [
        Text(f"report: {variant}"),
        Text(f"{sum(c.images for c in found.classes):,}"),
        Text(numerals.three_digits(before.row.ms)),
        _over(numerals.score(found.macro_f1), numerals.score_interval(found.macro_f1_interval)),
        *(_judged(before.row.inspection) if judged else []),
        Text(numerals.score(before.localisation.aupro if before.localisation else None)),
    ]


def _judged(found: Inspection | None) -> list[Text]:
    return [
        _rate(found.escape if found else None),
        _rate(found.overkill if found else None),
        Text(numerals.score(found.auroc if found else None)),
    ]


def _rate(rate: Rate | None) -> Text:
    return _over(numerals.of_total(rate), numerals.rate_interval(rate))


def _over(figure: str, interval: str) -> Text:
    return Text.assemble(figure, "\n", (interval, "not bold dim"))


def _print_row(letter: str, row: EngineRow, console: Console) -> None:
    if row.undecided:
        console.print(Text(f"{letter}: {_pictures(row.undecided)} undecided, of which the likeliest class counts"))
    if not row.mistakes:
        console.print(Text(f"{letter}: no wrong decision"))
        return
    shown = min(len(row.mistakes), MOST_MISTAKES)
    console.print(Text(f"{letter}: {len(row.mistakes):,} wrong decisions; the surest {shown}:"))
    for mistake in row.mistakes[:shown]:
        said = f"  {mistake.path}: {mistake.true_class}, decided {mistake.decided_class} ({mistake.probability:.2f})"
        console.print(Text(said))


def _wrong(row: EngineRow) -> set[tuple[str, str]]:
    return {(mistake.path, mistake.decided_class) for mistake in row.mistakes}


def _print_flips(one: str, other: str, paths: tuple[str, ...], console: Console) -> None:
    which = f": {', '.join(paths[:_MOST_FLIPS])}{', ...' if len(paths) > _MOST_FLIPS else ''}" if paths else ""
    console.print(Text(f"{_pictures(len(paths))} decided differently by {one} and {other}{which}"))


def _pictures(count: int) -> str:
    return f"{count:,} picture{'' if count == 1 else 's'}"
