"""The newest rejected parts as a row of close-ups; a click shows the whole picture and every detail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from nicegui import ui

from edge.dashboard.api import map_address, picture_address
from edge.dashboard.live import parsed_time
from edge.dashboard.marking import MarkPanel, MarkVerdict, truth_title
from edge.dashboard.moment import Moment
from edge.dashboard.past import REJECTS_SHOWN
from edge.dashboard.phrases import PhrasesElement
from edge.dashboard.picture import Overlay, PictureElement, closeup, whole
from edge.dashboard.questions import Ask, Questions
from edge.dashboard.styling import show_if, show_status
from edge.dashboard.texts.languages import TEXTS, Language
from edge.dashboard.texts.texts import Texts
from edge.dashboard.words import clock, date_and_clock, percent, report_text, why
from edge.messages import PartReport, Verdict
from edge.store.history import StoredVerdict

THUMBNAIL_PIXELS = 320
LARGE_PIXELS = 2560


class Gallery:
    """A fixed number of cards, so that the page never grows."""

    def __init__(self, language: Language, ask: Ask, mark: MarkVerdict) -> None:
        texts = TEXTS[language]
        self._detail = Detail(language, ask, mark)
        self._shown: tuple[tuple[StoredVerdict, ...], Mapping[str, PartReport]] | None = None
        with ui.element("section").classes("gallery panel"):
            ui.label(texts.gallery_title).classes("panel-title")
            self._empty = ui.label(texts.gallery_empty).classes("hint")
            with ui.element("div").classes("cards"):
                self._cards = [Card(self._detail, texts) for _ in range(REJECTS_SHOWN)]

    def update(self, moment: Moment) -> None:
        rejects, reports = moment.past.rejects, moment.past.reports
        if (rejects, reports) == self._shown:
            return
        self._shown = rejects, reports
        self._detail.update(moment)
        show_if(self._empty, not rejects)
        for index, card in enumerate(self._cards):
            card.update(rejects[index] if index < len(rejects) else None, moment)


class Card:
    """One rejected part: close-up, status, class, time."""

    def __init__(self, detail: Detail, texts: Texts) -> None:
        self._stored: StoredVerdict | None = None
        self._moment: Moment | None = None
        self._opens = detail
        with ui.element("button").classes("card").on("click", self._open) as self._card:
            with ui.element("div").classes("screen"):
                self._picture = PictureElement()
                self._notice = ui.label(texts.no_picture).classes("notice")
                self._mark = ui.label().classes("mark-sign")
            with ui.element("div").classes("card-text"):
                ui.element("i").classes("mark")
                self._class = ui.label().classes("class")
                self._time = ui.label().classes("time")
                self._report = ui.label().classes("report")

    def hide(self) -> None:
        show_if(self._card, False)

    def update(self, stored: StoredVerdict | None, moment: Moment) -> None:
        self._stored, self._moment = stored, moment
        show_if(self._card, stored is not None)
        if stored is None:
            return
        verdict = stored.verdict
        show_status(self._card, verdict.status)
        self._class.set_text(why(verdict, moment.title_of(verdict), moment.texts))
        self._time.set_text(clock(parsed_time(verdict.captured)))
        report = moment.past.reports.get(verdict.id)
        self._report.set_text(report_text(report, moment.texts, moment.language) if report else "")
        show_if(self._picture, stored.has_picture)
        show_if(self._notice, not stored.has_picture)
        if stored.has_picture:
            self._picture.show(closeup(picture_address(verdict.id), verdict, THUMBNAIL_PIXELS))
        show_if(self._mark, stored.mark is not None)
        truth = truth_title(stored.mark, moment) if stored.mark else ""
        self._mark.set_text(truth)
        self._mark.props["title"] = moment.texts.marked.format(truth=truth)

    def _open(self) -> None:
        if self._stored is not None and self._moment is not None:
            self._opens.open(self._stored, self._moment, self._marked)

    def _marked(self, stored: StoredVerdict) -> None:
        """The part of this card, unless the card shows another by now."""
        if self._stored is not None and self._stored.verdict.id == stored.verdict.id and self._moment is not None:
            self.update(stored, self._moment)


class Detail:
    """The large view of one part, over the page."""

    def __init__(self, language: Language, ask: Ask, mark: MarkVerdict) -> None:
        texts = TEXTS[language]
        with ui.dialog() as self._dialog, ui.element("div").classes("detail") as self._body:
            with ui.element("div").classes("screen"):
                self._picture = PictureElement()
                self._notice = ui.label(texts.no_picture).classes("notice")
            with ui.element("div").classes("detail-text"):
                with ui.element("div").classes("detail-verdict"):
                    ui.element("i").classes("mark")
                    self._word = ui.label().classes("word")
                self._marking = MarkPanel(language, mark)
                self._report = ui.element("div").classes("detail-report")
                self._questions = Questions(language, ask)
                self._facts = ui.element("dl")
                with ui.element("button").classes("close").on("click", self._dialog.close):
                    ui.label(texts.close)
        self._verdict_id = ""
        self._shown: PartReport | None = None

    def open(self, stored: StoredVerdict, moment: Moment, marked: Callable[[StoredVerdict], None]) -> None:
        """marked: told when somebody has marked the part here."""
        verdict = stored.verdict
        self._marking.about(stored, moment, marked)
        show_status(self._body, verdict.status)
        self._word.set_text(moment.texts.status[verdict.status])
        show_if(self._picture, stored.has_picture)
        show_if(self._notice, not stored.has_picture)
        if stored.has_picture:
            overlay = _overlay(verdict, moment.texts) if stored.has_map else None
            self._picture.show(whole(picture_address(verdict.id), verdict, LARGE_PIXELS, overlay))
        if verdict.id != self._verdict_id:
            self._questions.about(verdict.id)
        self._verdict_id = verdict.id
        self._show_report(moment)
        self._facts.clear()
        with self._facts:
            for term, value in _facts(verdict, moment):
                _pair(term, value)
        self._dialog.open()

    def update(self, moment: Moment) -> None:
        """A report may come while one looks at its part."""
        if self._dialog.value and moment.past.reports.get(self._verdict_id) not in (None, self._shown):
            self._show_report(moment)

    def _show_report(self, moment: Moment) -> None:
        report = self._shown = moment.past.reports.get(self._verdict_id)
        self._report.clear()
        show_if(self._report, report is not None)
        if report is None:
            return
        with self._report:
            phrases = report.phrases.get(moment.language, ()) if self._picture.visible else ()
            of_text, of_words = ([each for each in phrases if each.of == of] for of in ("text", "words"))
            said = report_text(report, moment.texts, moment.language)
            PhrasesElement(said, of_text, self._picture).classes("said")
            words = report.words.get(moment.language)
            if words:
                ui.label(moment.texts.report_words).classes("whose")
                PhrasesElement(words, of_words, self._picture).classes("words")
            if phrases:
                ui.label(moment.texts.report_point).classes("whose")


def _overlay(verdict: Verdict, texts: Texts) -> Overlay:
    return Overlay(map_address(verdict.id), verdict.region, texts.defect_map, texts.defect_map_strength)


def _pair(term: str, value: str) -> None:
    with ui.element("dt"):
        ui.label(term)
    with ui.element("dd"):
        ui.label(value)


def _facts(verdict: Verdict, moment: Moment) -> Iterator[tuple[str, str]]:
    texts, timings = moment.texts, verdict.timings
    title = moment.title_of(verdict)
    if title is not None:
        yield texts.detail_class, title
        yield texts.detail_probability, percent(verdict.probability)
    if verdict.reason is not None:
        yield texts.detail_reason, texts.reason[verdict.reason]
    yield texts.detail_defect_score, percent(verdict.defect_score)
    yield texts.detail_time, date_and_clock(parsed_time(verdict.captured))
    yield texts.detail_camera, verdict.camera
    if verdict.boxes:
        yield (
            texts.detail_boxes,
            "\n".join(f"{b.x}, {b.y} · {b.w} × {b.h} px · {percent(b.score, 0)}" for b in verdict.boxes),
        )
    yield (
        texts.detail_timings,
        "\n".join(
            f"{name} {ms:.1f} ms"
            for name, ms in (
                (texts.timing_wait, timings.wait_ms),
                (texts.timing_preprocess, timings.preprocess_ms),
                (texts.timing_engine, timings.engine_ms),
                (texts.timing_decide, timings.decide_ms),
                (texts.timing_total, timings.total_ms),
            )
        ),
    )
    yield texts.detail_bundle, verdict.bundle
    yield texts.detail_engine, verdict.engine
    yield texts.detail_id, verdict.id
