"""The page a person reads after a run: one HTML file that needs nothing but a browser.

Everything is inside it (pictures, figures, styles), there is no script, and its own policy forbids it to load
anything: it may be carried on a stick and opened offline. Names of classes and files come from the data and are
escaped wherever they appear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from compress.judge.metrics import Classification, Interval, rate
from compress.report.charts.curve import colour_of
from compress.report.page import environment
from compress.report.record import Mistake, RunReport, StageRow
from compress.report.report_figures import curve_figure, pareto_figure, waterfalls
from compress.report.report_pictures import overlay, thumbnail

MOST_PICTURES = 24
MOST_FLIPS = 12
MOST_GROUPS = 30
MOST_PROBLEMS = 200
FEW_IMAGES = 10  # below so many test pictures a class's own figures say little

Error = Literal["escape", "overkill", "mix-up"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A mistake to show. jpeg: a data URI, and overlay the same under its defect map; None where there is none."""

    mistake: Mistake
    error: Error
    jpeg: str | None
    overlay: str | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the confusion matrix. share: of the images of the true class, 0..1."""

    count: int
    share: float
    kind: Literal["right", "wrong", "escape", "none"]


def write_html(report: RunReport, data_root: Path, file: Path) -> None:
    """Write the page. data_root: where the paths of the mistakes begin; a picture missing there is left blank."""
    page = render(report, data_root)
    file.write_text(page, encoding="utf-8", errors="replace")  # a file name need not be valid Unicode


def render(report: RunReport, data_root: Path) -> str:
    """The page as text."""
    template = environment().get_template("report/report.html.j2")
    return template.render(
        report=report,
        trained=report.trained,
        teacher=report.rows[0],
        shipped=report.shipped_row,
        by_name={"pruned": None, "int8": None} | {row.name: row for row in report.rows},
        axis_f1=_common_axis([row.classification.macro_f1_interval for row in report.rows]),
        axis_rates=_rates_axis(report.rows),
        figures=waterfalls(report),
        confusion=_confusion(report),
        few=[c for c in report.shipped_row.classification.classes if c.images < FEW_IMAGES],
        few_images=FEW_IMAGES,
        doubt=_error_bound(report.shipped_row.classification),
        pictures_in_all=sum(sum(count.values()) for count in report.trained.counts.values()),
        pictures=_pictures(report, data_root),
        flips=[(flip, thumbnail(data_root, flip.path)) for flip in report.parity.flipped[:MOST_FLIPS]],
        pareto=pareto_figure(report),
        curves=curve_figure(report),
        worst_groups=[group for group in report.groups if group.wrong][:MOST_GROUPS],
        colour_of=colour_of,
        problems=report.trained.problems[:MOST_PROBLEMS],
    )


def _common_axis(intervals: Sequence[Interval]) -> Interval:
    """What the small interval marks of one column are drawn on."""
    low, high = min(i.low for i in intervals), max(i.high for i in intervals)
    return Interval(low - 0.05 * (high - low) - 1e-6, high + 0.05 * (high - low) + 1e-6)


def _rates_axis(rows: Sequence[StageRow]) -> Interval:
    """From zero to the highest escape or overkill that any interval allows."""
    rates = [r for row in rows if row.inspection for r in (row.inspection.escape, row.inspection.overkill) if r]
    return Interval(0.0, 1.05 * max((r.interval.high for r in rates), default=1.0))


def _confusion(report: RunReport) -> list[list[Cell]]:
    """Rows true, columns decided."""
    kinds = [kind for _, kind in report.classes]
    counts_KK = report.shipped_row.classification.confusion_KK
    return [
        [
            Cell(
                n,
                n / max(1, sum(counts_K)),
                "none" if n == 0 else _cell_kind(true == decided, kinds[true], kinds[decided]),
            )
            for decided, n in enumerate(counts_K)
        ]
        for true, counts_K in enumerate(counts_KK)
    ]


def _cell_kind(is_right: bool, true_kind: str, decided_kind: str) -> Literal["right", "wrong", "escape"]:
    if is_right:
        return "right"
    return "escape" if _error(true_kind, decided_kind) == "escape" else "wrong"


def _error(true_kind: str, decided_kind: str) -> Error:
    if true_kind == decided_kind:
        return "mix-up"
    return "escape" if decided_kind == "good" else "overkill"


def _error_bound(found: Classification) -> float:
    """The upper end of the error rate's 95 % interval (Wilson)."""
    images = sum(c.images for c in found.classes)
    wrong = rate(images - sum(found.confusion_KK[k][k] for k in range(len(found.classes))), images)
    assert wrong is not None
    return wrong.interval.high


def _pictures(report: RunReport, data_root: Path) -> list[Picture]:
    """The worst mistakes: escapes first, then overkill, then mix-ups; the surest of each first."""
    kind_of = dict(report.classes)
    order: dict[Error, int] = {"escape": 0, "overkill": 1, "mix-up": 2}
    judged = [(_error(kind_of[m.true_class], kind_of.get(m.decided_class, "defect")), m) for m in report.mistakes]
    worst = sorted(judged, key=lambda pair: (order[pair[0]], -pair[1].probability))[:MOST_PICTURES]
    return [Picture(m, error, thumbnail(data_root, m.path), overlay(data_root, m)) for error, m in worst]
