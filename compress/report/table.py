"""The table a run prints at its end: what each stage cost and gained, and what ships."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from compress.judge.metrics import Rate
from compress.report import numerals
from compress.report.record import Localisation, RunReport, StageRow


def print_table(report: RunReport, console: Console) -> None:
    """Print the table and a few lines under it; made to be read on 80 columns."""
    images = sum(c.images for c in report.shipped_row.classification.classes)
    title = f"\n{report.name} on {images:,} test pictures; below each rate its 95 % interval"
    console.print(Text(title, style="bold"), _table(report), sep="\n")
    for topic, sentence in _lines(report):
        line = Table.grid(padding=(0, 2))
        line.add_column(width=9)
        line.add_column(overflow="fold")
        line.add_row(Text(topic, style="bold"), Text(sentence))
        console.print(line)


def _table(report: RunReport) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("model", no_wrap=True)
    columns = ["params", "MB", "ms/frame", "macro-F1"]
    for column in columns + (["escapes", "overkill", "AUROC"] if report.has_good else []):
        table.add_column(column, justify="right", no_wrap=True)
    for row in report.rows:
        cells = _cells(row, report.has_good)
        table.add_row(*cells, style="bold green" if row is report.shipped_row else None)
    return table


def _cells(row: StageRow, has_good: bool) -> list[Text]:
    found, judged = row.classification, row.inspection
    cells = [
        Text(row.name),
        Text(numerals.amount(row.parameters)),
        Text(numerals.three_digits(row.megabytes)),
        Text(numerals.three_digits(row.ms)),
        _over(numerals.score(found.macro_f1), numerals.score_interval(found.macro_f1_interval)),
    ]
    if has_good:
        cells += [
            _rate(judged.escape if judged else None),
            _rate(judged.overkill if judged else None),
            Text(numerals.score(judged.auroc if judged else None)),
        ]
    return cells


def _rate(rate: Rate | None) -> Text:
    return _over(numerals.of_total(rate), numerals.rate_interval(rate))


def _over(figure: str, interval: str) -> Text:
    return Text.assemble(figure, "\n", (interval, "not bold dim"))


def _lines(report: RunReport) -> list[tuple[str, str]]:
    """Topic and sentence of each line."""
    said = [("labels", report.opinion.said)] if report.opinion else []
    said.append(("ships", f"{_ships(report)}; {report.shipped.why}"))
    if not report.has_good:
        said.append(
            ("classes", "there is no good class, so it classifies only; escape and overkill have no meaning here")
        )
    said += [("parity", _parity(report)), *_int8(report), ("map", _map(report))]
    return [*said, ("took", _took(report))] if report.seconds else said


def _took(report: RunReport) -> str:
    """All stages, whenever they ran, and the most memory that this run held."""
    return f"{numerals.duration(sum(report.seconds.values()))}, peak memory {report.peak_memory_mb / 1000:.2f} GB"


def _ships(report: RunReport) -> str:
    teacher, shipped = report.rows[0], report.shipped_row
    faster = numerals.three_digits(teacher.ms / shipped.ms)
    smaller = numerals.three_digits(teacher.megabytes / shipped.megabytes)
    return f"{report.shipped.variant}, {faster} times as fast as the teacher and {smaller} times smaller"


def _parity(report: RunReport) -> str:
    found = report.parity
    differ = f"{found.torch_onnx_flips} of {found.images:,} decisions differ"
    return f"torch float and ONNX float: {differ}, max |Δp| {numerals.tiny(found.torch_onnx_max_difference)}"


def _int8(report: RunReport) -> list[tuple[str, str]]:
    """What the step from the pruned float model to int8 cost."""
    f1 = {row.name: row.classification.macro_f1 for row in report.rows}
    if "pruned" not in f1 or "int8" not in f1:
        return []
    found = report.parity
    change = numerals.change(f1["int8"] - f1["pruned"])
    quality = "macro-F1 as in float" if change == "0" else f"macro-F1 {change} against float"
    differ = f"{found.int8_flips} of {found.images:,} decisions differ"
    return [("int8", f"{quality}, {differ}, max |Δp| {numerals.tiny(found.int8_max_difference)}")]


def _map(report: RunReport) -> str:
    found = report.localisation
    if not found.images:
        return "nobody marked defects in the test pictures, so the defect map was not measured"
    scores = f"pixel AUROC {numerals.score(found.pixel_auroc)}, AUPRO {numerals.score(found.aupro)}"
    return f"{scores} on {found.images:,} marked pictures{_boxes(found)}"


def _boxes(found: Localisation) -> str:
    if found.boxes is None:
        return ""
    boxes = found.boxes
    unplaced = f"{boxes.unplaced:.1%} of {boxes.pictures:,} defective ones get no box"
    return f"; boxes: quality {numerals.score(boxes.quality)}, {unplaced}"
