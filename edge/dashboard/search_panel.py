"""The search box: a sentence, or the id of a verdict, and the parts that were found, best first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nicegui import run, ui

from edge.dashboard.gallery import Card, Detail
from edge.dashboard.marking import MarkVerdict
from edge.dashboard.moment import Moment
from edge.dashboard.past import REJECTS_SHOWN
from edge.dashboard.questions import Ask
from edge.dashboard.styling import show_if
from edge.dashboard.texts.languages import TEXTS, Language
from edge.search.finder import Found
from edge.search.results import LONGEST


class SearchPanel:
    """As many cards as the gallery has, shown once something was asked."""

    def __init__(self, language: Language, find: Callable[[str], Found], ask: Ask, mark: MarkVerdict) -> None:
        self._texts = TEXTS[language]
        self._find = find
        self._moment: Moment | None = None
        detail = Detail(language, ask, mark)
        with ui.element("section").classes("gallery panel search"):
            ui.label(self._texts.search_title).classes("panel-title")
            self._box = ui.input(placeholder=self._texts.search_hint).props(
                f'type=search maxlength={LONGEST} dark dense outlined clearable aria-label="{self._texts.search_title}"'
            )
            self._box.on("keydown.enter", self._ask)
            self._said = ui.label(self._texts.search_help).classes("hint")
            with ui.element("div").classes("cards") as self._row:
                self._cards = [Card(detail, self._texts) for _ in range(REJECTS_SHOWN)]
        show_if(self._row, False)
        for card in self._cards:
            card.hide()

    def update(self, moment: Moment) -> None:
        self._moment = moment

    async def _ask(self) -> None:
        question = str(self._box.value or "")
        if not question.strip() or self._moment is None:
            return
        self._said.set_text(self._texts.search_running)
        show_if(self._said, True)
        found = await run.io_bound(self._find, question)
        if found is None:  # the dashboard is being shut down
            return
        self._said.set_text(found.error or (self._texts.search_nothing if not found.hits else ""))
        show_if(self._said, bool(found.error) or not found.hits)
        show_if(self._row, bool(found.hits))
        moment = replace(self._moment, past=replace(self._moment.past, reports=found.reports))
        for index, card in enumerate(self._cards):
            card.update(found.hits[index].stored if index < len(found.hits) else None, moment)
