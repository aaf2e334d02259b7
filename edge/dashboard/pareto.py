"""Rejects by class, the commonest first, with the share that the classes up to here make together."""

from __future__ import annotations

from nicegui import ui

from edge.dashboard.class_groups import COLOURS, Group, groups
from edge.dashboard.moment import Moment
from edge.dashboard.styling import show_if
from edge.dashboard.texts.languages import TEXTS, Language
from edge.dashboard.words import count, percent

# The coloured classes, or all but one of them and the others; and those without a class.
ROWS = len(COLOURS) + 1


class Pareto:
    """A fixed number of rows of bars; the colours are those of the chart above."""

    def __init__(self, language: Language) -> None:
        texts = TEXTS[language]
        with ui.element("section").classes("panel pareto"):
            with ui.element("div").classes("pareto-top"):
                ui.label(texts.pareto_title).classes("panel-title")
                ui.label(texts.pareto_cumulative).classes("hint")
            self._empty = ui.label(texts.no_defects).classes("hint")
            with ui.element("div").classes("bars"):
                self._rows = [_Row() for _ in range(ROWS)]

    def update(self, moment: Moment) -> None:
        hour = moment.past.hour
        shown = groups(hour, known_classes(moment))
        numbers = [group.number(hour) for group in shown]
        total, so_far = sum(numbers), 0
        show_if(self._empty, not shown)
        for index, row in enumerate(self._rows):
            if index >= len(shown):
                row.hide()
                continue
            so_far += numbers[index]
            row.show(group_title(shown[index], moment), shown[index].colour)
            row.measure(numbers[index], max(numbers), so_far / total)


class _Row:
    def __init__(self) -> None:
        with ui.element("div").classes("bar-row") as self._row:
            self._title = ui.label().classes("bar-title")
            with ui.element("div").classes("bar-track"):
                self._bar = ui.element("i")
            self._number = ui.label().classes("bar-number")
            self._share = ui.label().classes("bar-share")
        self._style = ""

    def hide(self) -> None:
        show_if(self._row, False)

    def show(self, title: str, colour: str) -> None:
        show_if(self._row, True)
        self._title.set_text(title)
        self._colour = colour

    def measure(self, number: int, most: int, cumulative: float) -> None:
        self._number.set_text(count(number))
        self._share.set_text(percent(cumulative, 0))
        style = f"width: {100 * number / most:.1f}%; background: {self._colour}"
        if style != self._style:
            self._style = style
            self._bar.style(replace=style)


def known_classes(moment: Moment) -> tuple[str, ...]:
    return tuple(moment.report.titles) if moment.report else ()


def group_title(group: Group, moment: Moment) -> str:
    if group.is_other:
        return moment.texts.other_classes
    return moment.title(group.names[0]) if group.names else moment.texts.no_class
