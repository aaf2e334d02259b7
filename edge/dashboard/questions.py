"""Questions about the part that is shown large: a line to type in, and what was answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nicegui import run, ui

from edge.client.asking import RequestRefusedError
from edge.dashboard.texts.languages import TEXTS, Language
from edge.questions.answered import Answered
from edge.requests.messages import AskAnswer

# (verdict, question, session) -> answer; may take seconds, so it is called in a thread. Raises RequestRefusedError.
Ask = Callable[[str, str, str], AskAnswer]
_LONGEST = 1_000


class Questions:
    """One conversation about one part at a time."""

    def __init__(self, language: Language, ask: Ask) -> None:
        self._texts = TEXTS[language]
        self._ask = ask
        self._verdict = ""
        self._session = ""
        with ui.element("div").classes("questions"):
            ui.label(self._texts.ask).classes("panel-title")
            self._answers = ui.element("div").classes("answers")
            self._line = ui.input(placeholder=self._texts.ask_example).props(f"maxlength={_LONGEST} dense dark")
            self._line.on("keydown.enter", self._asked)

    def about(self, verdict_id: str) -> None:
        """Begin anew, about another part."""
        self._verdict, self._session = verdict_id, ""
        self._answers.clear()
        self._line.set_value("")

    async def _asked(self) -> None:
        verdict, question = self._verdict, str(self._line.value or "").strip()
        if not question:
            return
        self._line.set_value("")
        try:
            found = await run.io_bound(self._ask, verdict, question, self._session)
        except RequestRefusedError as error:
            self._show(question, [self._texts.ask_failed.format(error=error)])
            return
        if found is not None and verdict == self._verdict:
            self._session = found.session
            self._show(question, [_text(answer) for answer in found.answers])

    def _show(self, question: str, answers: Sequence[str]) -> None:
        with self._answers:
            ui.label(question).classes("asked")
            for answer in answers:
                ui.label(answer).classes("answer")


def _text(answer: Answered) -> str:
    return answer.text
