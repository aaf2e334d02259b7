"""What a bundle's own report says of a variant on its test pictures, and whether something else is worse than that."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from compress.judge.metrics import Classification, Inspection, Interval, Rate, rate
from compress.report.numerals import percent, score
from compress.report.record import Localisation, RunReport, StageRow, read_report
from edge.bundle.load import Bundle

REPORT = "report.json"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One variant's row of the report. localisation: None where another variant's map was measured."""

    row: StageRow
    localisation: Localisation | None


def report_of(bundle: Bundle) -> RunReport | str:
    """The report the bundle carries, or why there is none to compare with."""
    if REPORT not in bundle.manifest.files:
        return f"the bundle carries no {REPORT}, so there is nothing to compare with"
    try:
        return read_report(bundle.file(REPORT))
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"the bundle's {REPORT} was written by another edgevl ({error}), so nothing is compared with it"


def recorded(report: RunReport, variant: str) -> Recorded | None:
    """None where the report has no figures for the variant."""
    is_shipped = variant == report.shipped.variant
    names = {variant} | ({"pruned"} if variant == "float32" else set())
    row = report.shipped_row if is_shipped else next((r for r in report.rows if r.name in names), None)
    return None if row is None else Recorded(row, report.localisation if is_shipped else None)


def what_is_worse(found: Classification | None, judged: Inspection | None, before: Recorded) -> tuple[str, ...]:
    """Each figure that lies outside its recorded 95 % interval on the bad side, as a clause."""
    clauses = []
    if found is not None:
        low = _lowest(before.row.classification)
        if found.macro_f1 < low:
            clauses.append(f"macro-F1 {score(found.macro_f1)} is below the {score(low)} that the report leaves open")
    was = before.row.inspection
    for name, now, then in (
        ("escapes", judged and judged.escape, was and was.escape),
        ("overkill", judged and judged.overkill, was and was.overkill),
    ):
        if now and then and now.value > then.interval.high:
            clauses.append(f"{name} {percent(now.value)} are above the {_upto(then)} that the report leaves open")
    return tuple(clauses)


def _lowest(found: Classification) -> float:
    """Resampling a run without a mistake never gives one, so then Wilson's bound of the accuracy stands in."""
    interval: Interval = found.macro_f1_interval
    if interval.low < interval.high:
        return interval.low
    bound = rate(0, sum(c.images for c in found.classes))
    return interval.low if bound is None else interval.low - bound.interval.high


def _upto(then: Rate) -> str:
    return percent(then.interval.high)
