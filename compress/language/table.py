"""The figures of the language half on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table

from compress.language.measure import SLOTS, Overlap
from compress.language.record import LanguageReport

_CALLED = {"bleu4": "BLEU-4", "rouge_l": "ROUGE-L", "cider": "CIDEr"}


@dataclass(frozen=True, slots=True)
class _Column:
    """One writer's figures; empty where they do not apply to it."""

    heading: str
    slots: Mapping[str, float]
    near: Overlap | None = None
    contradictions: str = ""
    dropped: str = ""
    cpu_ms: str = ""


def print_language(report: LanguageReport, console: Console) -> None:
    """Slots read back, contradictions, what was dropped, and the overlap with held-out sentences; fits 80 columns."""
    shipped = report.figures[report.shipped]
    table = Table(title="Reports on the test split", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column(min_width=14)
    columns = [
        _Column(f"{code} {precision}", each.said, each.overlap, f"{each.contradictions} of {each.reports}",
                f"{each.dropped} of {each.own_sentences}", f"{each.cpu_ms:.1f}")
        for precision, figures in report.figures.items() for code, each in figures.languages.items()
    ]  # fmt: skip
    columns += [_Column(f"{code} teacher", {}, near) for code, near in report.teacher.items()]
    columns.append(_Column("verdict as labels", shipped.against_labels))
    for column in columns:
        table.add_column(column.heading, justify="right")
    for slot in SLOTS:
        table.add_row(slot, *(f"{c.slots[slot]:.3f}" if slot in c.slots else "" for c in columns))
    table.add_row("contradictions", *(c.contradictions for c in columns))
    table.add_row("dropped", *(c.dropped for c in columns))
    for name, digits in (("bleu4", 3), ("rouge_l", 3), ("cider", 2)):
        if any(c.near for c in columns):
            table.add_row(_CALLED[name], *(f"{getattr(c.near, name):.{digits}f}" if c.near else "" for c in columns))
    table.add_row("CPU ms", *(c.cpu_ms for c in columns))
    console.print(table)
    console.print(
        f"{report.shipped} ships ({report.kb:.0f} kB): {report.why}. The verdict is right in {shipped.right} of "
        f"{shipped.pictures} test pictures.",
        highlight=False,
    )
    if report.asked:
        pairs = sum(each.pairs for each in report.asked.values())
        console.print(
            f"of {pairs} questions that the data asks: "
            + ", ".join(f"{kind} {each.agree} of {each.pairs} as the data does" for kind, each in report.asked.items()),
            highlight=False,
            markup=False,
        )
    for code, found in report.search.items():
        console.print(
            f"search, {code}: recall {', '.join(f'{share:.3f} at {k}' for k, share in found.recall.items())} of "
            f"{found.questions} held-out sentences ({found.by_chance:.3f} at 5 by chance)",
            highlight=False,
        )
