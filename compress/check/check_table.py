"""What was found in a data set, for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from compress.check.check import Check, Severity, class_counts, group_counts
from compress.check.duplicates import grouped
from compress.data.readers.lists import SPLITS

MOST_LINES = 12
_MARKS: Mapping[Severity, str] = {"stops": "[bold red]stops[/]", "harms": "[yellow]look[/]", "note": "[dim]note[/]"}


def print_check(check: Check, console: Console) -> None:
    """Counts, sizes, findings, pairs and files, in this order; what is long is cut and says so."""
    dataset = check.dataset
    console.print(dataset.summary(), highlight=False, markup=False)
    console.print(_counts_table(check))
    console.print(f"sizes: {', '.join(size_lines(check))}", highlight=False, markup=False)
    findings = Table.grid(padding=(0, 2))
    for finding in check.findings:
        findings.add_row(_MARKS[finding.severity], escape(finding.sentence))
    console.print(findings)
    _print_some(console, "near-duplicates on two sides of a split", _pair_lines(check))
    problems = [f"{dataset.below(problem.path)} {problem.sentence}" for problem in dataset.problems]
    _print_some(console, "files left out or in need of a look", problems)


def size_lines(check: Check, most: int = 6) -> list[str]:
    """`1,797 of 200x200`, the most frequent first, with depth where it is not 8 bits."""
    counts = Counter((look.width, look.height, look.bits) for look in check.looks)
    lines = [
        f"{count:,} of {width}x{height}{'' if bits == 8 else f' ({bits} bits)'}"
        for (width, height, bits), count in counts.most_common(most)
    ]
    return lines + ([f"{len(counts) - most:,} more sizes"] if len(counts) > most else [])


def _counts_table(check: Check) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for title in ("class", *SPLITS, "all", "parts"):
        table.add_column(title, justify="left" if title == "class" else "right")
    parts = group_counts(grouped(check.dataset, check.duplicates))
    for name, counts in class_counts(check.dataset).items():
        cells = [*(counts[split] for split in SPLITS), sum(counts.values()), parts[name]]
        table.add_row(escape(name), *(f"{cell:,}" for cell in cells))
    return table


def _pair_lines(check: Check) -> list[str]:
    split_of = {s.name: s.split for s in check.dataset.samples}
    return [
        f"{pair.first} ({split_of[pair.first]}) = {pair.second} ({split_of[pair.second]}), "
        f"{pair.transform}, {pair.similarity:.2f}"
        for pair in check.duplicates.across(check.dataset)
    ]


def _print_some(console: Console, title: str, lines: list[str]) -> None:
    if not lines:
        return
    console.print(f"\n{title} ({len(lines):,}):", highlight=False)
    for line in lines[:MOST_LINES]:
        console.print(f"  {line}", highlight=False, markup=False)
    if len(lines) > MOST_LINES:
        console.print(f"  ... and {len(lines) - MOST_LINES:,} more; --html shows them", highlight=False)
