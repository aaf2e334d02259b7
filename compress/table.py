"""The table a finished run prints: what every stage cost and gained, on the test split."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from compress.metrics import Rate
from compress.record import RunReport, StageRow


def print_table(report: RunReport, console: Console) -> None:
    """Print the stages (ms: one frame, one thread), then what ships and why; readable at 80 columns."""
    console.print()
    console.print(_stages(report))
    for line in _lines(report):
        console.print(line, highlight=False, markup=False)


def _stages(report: RunReport) -> Table:
    table = Table(title=f"{report.name}: test split, {report.parity.images} images", title_justify="left")
    table.add_column("stage")
    columns = ["params", "MB", "ms", "macro-F1", "95 %"]
    if report.has_good:
        columns += ["escapes", "overkill", "AUROC"]
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for row in report.rows:
        style = "bold" if row is report.shipped_row else ""
        table.add_row(*_cells(row, report.has_good), style=style)
    return table


def _cells(row: StageRow, has_good: bool) -> list[str]:
    found = row.classification
    interval = found.macro_f1_interval
    parameters = "" if row.parameters is None else f"{row.parameters / 1e6:.2f} M"
    cells = [row.name, parameters, f"{row.megabytes:.2f}", f"{row.ms:.2f}"]
    cells += [f"{found.macro_f1:.3f}", f"{interval.low:.2f}-{interval.high:.2f}"]
    if not has_good:
        return cells
    assert row.inspection is not None
    auroc = row.inspection.auroc
    return [
        *cells,
        _rate(row.inspection.escape),
        _rate(row.inspection.overkill),
        "" if auroc is None else f"{auroc:.3f}",
    ]


def _rate(rate: Rate | None) -> str:
    return "" if rate is None else f"{rate.count}/{rate.total}"


def _lines(report: RunReport) -> list[str]:
    parity, shipped, place = report.parity, report.shipped, report.localisation
    teacher, best = report.rows[0], report.shipped_row
    lines = [
        f"ships: {shipped.variant}, {teacher.ms / best.ms:.0f} times as fast as the teacher in torch "
        f"(both one thread, one run); {shipped.why}",
        f"torch float and ONNX float: {parity.torch_onnx_flips} of {parity.images} decisions differ, "
        f"max |dp| {parity.torch_onnx_max_difference:.1e}",
        f"ONNX float and int8: {parity.int8_flips} of {parity.images} decisions differ, "
        f"max |dp| {parity.int8_max_difference:.1e}",
    ]
    if place.pixel_auroc is not None and place.aupro is not None:
        lines.append(
            f"defect map: pixel AUROC {place.pixel_auroc:.3f}, AUPRO {place.aupro:.3f} on {place.images} images"
        )
    if not report.has_good:
        lines.append("classification only: without good parts in the data, escape and overkill have no meaning")
    lines.append(f"whole run: {sum(report.seconds.values()):.0f} s, peak memory {report.peak_memory_mb:.0f} MB")
    return lines
