"""The right side of the page: yield, totals, rejects over time, rejects by class, and the ledger."""

from __future__ import annotations

from nicegui import ui

from edge.dashboard.chart import MinuteChart
from edge.dashboard.live import parsed_time
from edge.dashboard.moment import Moment
from edge.dashboard.pareto import Pareto
from edge.dashboard.past import yield_of
from edge.dashboard.styling import set_class, show_if, show_status
from edge.dashboard.texts.languages import TEXTS, Language
from edge.dashboard.words import DASH, clock, count, percent, store_text
from edge.messages import CameraReport
from edge.store.history import Counts
from edge.verdict import Status

STATUSES: tuple[Status, ...] = ("OK", "NG", "UNDECIDED")
LEDGER = ("triggers", "verdicts", "dropped", "in_flight")


class Statistics:
    """Built once a page; every part changes only what is different."""

    def __init__(self, language: Language) -> None:
        with ui.element("aside"):
            self._yield = YieldPanel(language)
            self._chart = MinuteChart(language)
            self._pareto = Pareto(language)
            self._ledger = Ledger()

    def update(self, moment: Moment) -> None:
        self._yield.update(moment)
        self._chart.update(moment)
        self._pareto.update(moment)
        self._ledger.update(moment)


class YieldPanel:
    """The yield of the last hour in huge figures, beside it now and since the start, below it the totals.

    A bundle without a good class has no yield: the figures are then numbers of parts, and a line says why.
    """

    def __init__(self, language: Language) -> None:
        texts = TEXTS[language]
        with ui.element("section").classes("panel yield"):
            with ui.element("div").classes("yield-main"):
                self._title = ui.label(texts.yield_title).classes("panel-title")
                self._hour = ui.label(DASH).classes("yield-figure")
                self._parts = ui.label().classes("hint")
            with ui.element("div").classes("yield-side"):
                self._now = _figure(texts.yield_now)
                self._since_start = _figure(texts.yield_since_start)
            self._hint = ui.label(texts.no_good_class).classes("yield-hint hint")
            with ui.element("div").classes("totals"):
                self._totals = {status: _Total(status, texts.status[status]) for status in STATUSES}

    def update(self, moment: Moment) -> None:
        texts, hour, now, since_start = moment.texts, moment.past.hour, moment.past.now, _since_start(moment)
        show_if(self._hint, not moment.has_good_class)
        show_if(self._totals["OK"].element, moment.has_good_class)
        self._title.set_text(texts.yield_title if moment.has_good_class else texts.parts_title)
        figure = _yield_figure if moment.has_good_class else _parts_figure
        # The huge figure's percent sign is smaller, and drawn by the style sheet.
        self._hour.set_text(figure(hour).removesuffix(" %"))
        set_class(self._hour, "has-unit", figure(hour).endswith(" %"))
        self._now.set_text(figure(now))
        self._since_start.set_text(figure(since_start))
        parts = f" · {texts.parts.format(count=count(hour.total))}" if moment.has_good_class else ""
        self._parts.set_text(f"{texts.yield_hour}{parts}" if hour.total else texts.no_parts)
        numbers: dict[Status, int] = {"OK": since_start.ok, "NG": since_start.ng, "UNDECIDED": since_start.undecided}
        for status, total in self._totals.items():
            total.number.set_text(count(numbers[status]))


class _Total:
    """How many parts of one status, with its shape and its word."""

    def __init__(self, status: Status, word: str) -> None:
        with ui.element("div").classes("total") as self.element:
            show_status(self.element, status)
            ui.element("i").classes("mark")
            self.number = ui.label("0").classes("value")
            ui.label(word).classes("word")


class Ledger:
    """One sentence that shows that no part was forgotten, and one that says whether verdicts reach the disk."""

    def __init__(self) -> None:
        with ui.element("section").classes("panel ledger"):
            self._sum = ui.label(DASH)
            self._since = ui.label().classes("hint")
            self._store = ui.label().classes("store hint")

    def update(self, moment: Moment) -> None:
        reports, texts, line = _reports(moment), moment.texts, moment.report
        if not reports or line is None:
            return
        sums = {name: sum(getattr(report, name) for report in reports) for name in LEDGER}
        right = sums["triggers"] == sums["verdicts"] + sums["dropped"] + sums["in_flight"]
        sentence = texts.ledger if right else texts.ledger_wrong
        self._sum.set_text(sentence.format(**{name: count(number) for name, number in sums.items()}))
        show_status(self._sum, None if right else "NG")
        self._store.set_text(store_text(line, texts))
        show_status(self._store, None if line.store == "ok" and not line.never_stored else "NG")
        speed = texts.speed.format(rate=f"{line.verdicts_per_s:.1f}", p99=f"{line.p99_ms:.0f}")
        self._since.set_text(f"{texts.totals_since.format(time=clock(parsed_time(line.started)))} · {speed}")


def _reports(moment: Moment) -> list[CameraReport]:
    return [camera.report for camera in moment.line.cameras if camera.report is not None]


def _since_start(moment: Moment) -> Counts:
    reports = _reports(moment)
    return Counts(sum(r.ok for r in reports), sum(r.ng for r in reports), sum(r.undecided for r in reports), {})


def _yield_figure(counts: Counts) -> str:
    return percent(yield_of(counts))


def _parts_figure(counts: Counts) -> str:
    return count(counts.total)


def _figure(title: str) -> ui.label:
    with ui.element("div").classes("figure"):
        ui.label(title).classes("hint")
        return ui.label(DASH).classes("value")
