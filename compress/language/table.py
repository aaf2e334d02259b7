"""The figures of the language half on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from compress.language.measure import SLOTS
from compress.language.record import LanguageReport


def print_language(report: LanguageReport, console: Console) -> None:
    """Slots read back, contradictions, what was dropped, and the overlap with held-out sentences."""
    table = Table(title="Reports on the test split")
    for heading in ("", *SLOTS, "contradictions", "dropped", "BLEU-4", "ROUGE-L", "CIDEr", "CPU ms"):
        table.add_column(heading, justify="left" if not heading else "right")
    for precision, figures in report.figures.items():
        for code, each in figures.languages.items():
            near = each.overlap
            table.add_row(
                f"{code}, {precision}",
                *(f"{each.said[slot]:.3f}" for slot in SLOTS),
                f"{each.contradictions} of {each.reports}",
                f"{each.dropped} of {each.own_sentences}",
                *((f"{near.bleu4:.3f}", f"{near.rouge_l:.3f}", f"{near.cider:.2f}") if near else ("", "", "")),
                f"{each.cpu_ms:.1f}",
            )
    for code, near in report.teacher.items():
        scores = (f"{near.bleu4:.3f}", f"{near.rouge_l:.3f}", f"{near.cider:.2f}")
        table.add_row(f"{code}, teacher", *[""] * (len(SLOTS) + 2), *scores, "")
    shipped = report.figures[report.shipped]
    table.add_row("verdict against labels", *(f"{shipped.against_labels[slot]:.3f}" for slot in SLOTS), *[""] * 6)
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
