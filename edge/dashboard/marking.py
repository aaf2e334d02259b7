"""Marking the verdict of the part that is shown large: what it really was, by one touch; and taking that back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from nicegui import run, ui

from edge.client.asking import RequestRefusedError
from edge.dashboard.live import parsed_time
from edge.dashboard.moment import Moment
from edge.dashboard.styling import show_if
from edge.dashboard.texts.languages import TEXTS, Language
from edge.dashboard.texts.texts import Texts
from edge.dashboard.words import date_and_clock
from edge.line.marking import says
from edge.messages import LONGEST_NAME, LONGEST_NOTE, Truth, Verdict, VerdictMark
from edge.requests.messages import MarkRequest
from edge.store.history import StoredVerdict

# Has the line store a mark; takes as long as its disk, so it is called in a thread. Raises RequestRefusedError.
MarkVerdict = Callable[[MarkRequest], VerdictMark]


class MarkPanel:
    """Three faces: a button, the choices, and the mark. `marked` gets the part with its new mark."""

    def __init__(self, language: Language, mark: MarkVerdict) -> None:
        self._texts = texts = TEXTS[language]
        self._mark = mark
        self._stored: StoredVerdict | None = None
        self._moment: Moment | None = None
        self._marked: Callable[[StoredVerdict], None] = lambda _: None
        with ui.element("section").classes("marking"):
            with ui.element("button").classes("touch begin").on("click", self._choose) as self._begin:
                self._begin_word = ui.label()
            with ui.element("div").classes("choosing") as self._choosing:
                ui.label(texts.mark_question).classes("panel-title")
                self._choices = ui.element("div").classes("choices").props('role="group"')
                self._note = _line_to_type(texts.mark_note, LONGEST_NOTE)
                self._by = _line_to_type(texts.mark_by, LONGEST_NAME)
                _button(texts.mark_cancel, self._show).classes("quiet")
            with ui.element("div").classes("marked") as self._mark_shown:
                self._said = ui.label().classes("said-mark")
                self._about = ui.label().classes("hint")
                self._note_shown = ui.label().classes("mark-note")
                with ui.element("div").classes("choices"):
                    _button(texts.mark_change, self._choose)
                    _button(texts.mark_withdraw, self._withdraw)
            self._trouble = ui.label().classes("mark-trouble").props('role="alert"')

    def about(self, stored: StoredVerdict, moment: Moment, marked: Callable[[StoredVerdict], None]) -> None:
        """Show the mark of a part, or offer to make one."""
        if self._stored is None or stored.verdict.id != self._stored.verdict.id:
            self._note.set_value("")
        self._stored, self._moment, self._marked = stored, moment, marked
        self._show()

    def _show(self) -> None:
        stored, moment = self._stored, self._moment
        if stored is None or moment is None:
            return
        mark, texts = stored.mark, self._texts
        self._begin_word.set_text(texts.mark_undecided if stored.verdict.status == "UNDECIDED" else texts.mark_wrong)
        self._face(self._begin if mark is None else self._mark_shown)
        if mark is not None:
            self._said.set_text(texts.marked.format(truth=truth_title(mark, moment)))
            time = date_and_clock(parsed_time(mark.time))
            self._about.set_text(f"{time} · {mark.by}" if mark.by else time)
            self._note_shown.set_text(mark.note)
            show_if(self._note_shown, bool(mark.note))

    def _choose(self) -> None:
        stored, moment = self._stored, self._moment
        if stored is None or moment is None:
            return
        if stored.mark is not None:
            self._note.set_value(stored.mark.note)
            self._by.set_value(stored.mark.by or self._by.value)
        self._choices.clear()
        with self._choices:
            for truth, class_name, title in _choices(stored.verdict, moment):
                _button(title, partial(self._save, truth, class_name))
        self._face(self._choosing)

    async def _withdraw(self) -> None:
        await self._save(None, None)

    async def _save(self, truth: Truth | None, class_name: str | None) -> None:
        stored = self._stored
        touched = self._mark_shown if truth is None else self._choosing
        if stored is None or not touched.visible:  # a second touch, before the first has hidden the button
            return
        written = ("", "") if truth is None else (str(self._note.value or ""), str(self._by.value or ""))
        self._face(None, self._texts.mark_saving)
        try:
            mark = await run.io_bound(self._mark, MarkRequest(stored.verdict.id, truth, class_name, *written))
        except RequestRefusedError as error:
            if self._stored is stored:
                self._show()
                self._say(self._texts.mark_failed.format(error=error))
            return
        if mark is None:  # the dashboard is being shut down
            return
        marked = replace(stored, mark=mark if mark.truth is not None else None)
        if self._stored is stored:
            self._stored = marked
            self._note.set_value("")
            self._show()
        self._marked(marked)

    def _face(self, shown: ui.element | None, said: str = "") -> None:
        for face in (self._begin, self._choosing, self._mark_shown):
            show_if(face, face is shown)
        self._say(said)

    def _say(self, sentence: str) -> None:
        self._trouble.set_text(sentence)
        show_if(self._trouble, bool(sentence))


def truth_title(mark: VerdictMark, moment: Moment) -> str:
    """What a marked part really was, in the words of the page."""
    if mark.class_name is not None:
        return moment.title(mark.class_name)
    return _unnamed(moment.texts)[mark.truth or "unknown"]


def _unnamed(texts: Texts) -> dict[Truth, str]:
    return {"good": texts.mark_good, "defect": texts.mark_another, "unknown": texts.mark_unknown}


def _choices(verdict: Verdict, moment: Moment) -> Iterator[tuple[Truth, str | None, str]]:
    """All that the line takes but what the verdict says anyway; of a part that was not decided nothing is wrong."""
    words, defects = _unnamed(moment.texts), moment.report.defects if moment.report else ()
    offered: list[tuple[Truth, str | None, str]] = [
        ("good", None, words["good"]),
        *(("defect", name, moment.title(name)) for name in defects),
        ("defect", None, words["defect"]),
    ]
    yield from (choice for choice in offered if not says(verdict, choice[0], choice[1]))
    if verdict.status != "UNDECIDED":
        yield "unknown", None, words["unknown"]


def _button(title: str, act: Callable[[], object]) -> ui.element:
    with ui.element("button").classes("touch").on("click", act) as button:
        ui.label(title)
    return button


def _line_to_type(title: str, longest: int) -> ui.input:
    return ui.input(placeholder=title).props(f'maxlength={longest} dense dark aria-label="{title}"')
