"""The top of the page: whose line this is, what runs on it, whether it lives, the clock, the language."""

from __future__ import annotations

from datetime import datetime

from nicegui import ui

from edge.dashboard.moment import Moment
from edge.dashboard.styling import set_class, show_if
from edge.dashboard.texts.languages import LANGUAGES, TEXTS, Language
from edge.dashboard.words import DASH, clock

# The place on the page where one searches: below what fills the window.
SEARCH = "search"


class Header:
    """One row, and below it a banner across the page while the feed is silent."""

    def __init__(self, line: str, feed: str, language: Language) -> None:
        self._line = line
        self._feed = feed
        texts = TEXTS[language]
        with ui.element("header"):
            ui.label(line).classes("line-name")
            self._bundle = _fact(texts.bundle)
            self._engine = _fact(texts.engine)
            ui.element("div").classes("spring")
            with ui.element("div").classes("pulse") as self._pulse:
                ui.element("i")
                self._pulse_word = ui.label()
            self._clock = ui.label().classes("clock")
            ui.link(texts.search_title, f"#{SEARCH}").classes("to-search")
            _language_switch(language)
        self._banner = ui.label().classes("banner").props('role="alert"')
        self._banner.set_visibility(False)

    def update(self, moment: Moment, now: datetime) -> None:
        report, texts, silent = moment.report, moment.texts, moment.line.is_silent
        self._bundle.set_text(f"{report.bundle_name} · {report.bundle}" if report else DASH)
        self._engine.set_text(report.engine if report else DASH)
        self._clock.set_text(clock(now))
        self._pulse_word.set_text(texts.silent if silent else texts.live if report else texts.waiting_for_line)
        set_class(self._pulse, "alive", report is not None and not silent)
        self._banner.set_text(self._silence(moment) if silent else "")
        show_if(self._banner, silent)

    def _silence(self, moment: Moment) -> str:
        if moment.line.heard_at is None:
            return moment.texts.feed_never.format(line=self._line, address=self._feed)
        return moment.texts.feed_silent.format(time=clock(moment.line.heard_at))


def _fact(title: str) -> ui.label:
    with ui.element("div").classes("fact"):
        ui.label(title)
        return ui.label(DASH).classes("value")


def _language_switch(shown: Language) -> None:
    """Links, so that a wall display's address carries its language."""
    with ui.element("nav"):
        for language in LANGUAGES:
            link = ui.link(TEXTS[language].language_name, f"/?language={language}")
            link.props(f'lang="{language}"')
            if language == shown:
                link.props('aria-current="page"')
