"""What every part of one browser's page needs to know: its language, and what the bundle calls its classes."""

from __future__ import annotations

from dataclasses import dataclass

from edge.dashboard.live import LineView
from edge.dashboard.past import Past
from edge.dashboard.texts.languages import TEXTS, Language, class_title
from edge.dashboard.texts.texts import Texts
from edge.messages import LineReport, Verdict


@dataclass(frozen=True, slots=True)
class Moment:
    """The line at one tick, as one browser in one language shows it."""

    language: Language
    line: LineView
    past: Past

    @property
    def texts(self) -> Texts:
        return TEXTS[self.language]

    @property
    def report(self) -> LineReport | None:
        return self.line.report

    @property
    def has_good_class(self) -> bool:
        return self.report is None or self.report.has_good_class

    def title(self, class_name: str) -> str:
        """What to call a class on this page."""
        return class_title(class_name, self.report.titles if self.report else {}, self.language)

    def title_of(self, verdict: Verdict) -> str | None:
        return None if verdict.class_name is None else self.title(verdict.class_name)
