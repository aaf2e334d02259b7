"""What the process does: reports by the reporter of each bundle, and answers to questions about parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.bundle.load import load_bundle
from edge.errors import EdgevlError
from edge.language.reporter import Reporter
from edge.line.heartbeat import shown_classes
from edge.messages import Verdict
from edge.questions.interview import Interview
from edge.reports.handover import Ask, Asked, Open, Written


class Desk:
    """Writes and answers about the parts that some bundles judge."""

    def __init__(self, wish: Open) -> None:
        """Raises BundleError, ConfigError for a language that reports are not written in."""
        bundles = [load_bundle(Path(folder)) for folder in wish.bundles]
        self._reporters = {bundle.manifest.bundle_id: Reporter(bundle, wish.languages) for bundle in bundles}
        self._classes = {bundle.manifest.bundle_id: shown_classes(bundle.manifest) for bundle in bundles}
        self._interviews: dict[str, Interview] = {}

    def write(self, image_HWC: NDArray[np.uint8], verdict: Verdict) -> Written:
        """See `edge.reports.child.Office`."""
        if verdict.bundle not in self._reporters:
            raise EdgevlError(f"no bundle of this line is {verdict.bundle}, which judged it")
        report = self._reporters[verdict.bundle].report(image_HWC, verdict)
        return Written(report.facts, report.text, report.words, report.dropped, 0.0, report.phrases)

    def ask(self, question: Ask) -> Asked:
        """See `edge.reports.child.Office`. Conversations about parts of different bundles are apart."""
        bundle = question.verdict.bundle
        if bundle not in self._interviews:
            if bundle not in self._classes:
                raise EdgevlError(f"this part was judged by the bundle {bundle}, which the line does not have any more")
            self._interviews[bundle] = Interview(self._classes[bundle])
        interview = self._interviews[bundle]
        session, answers = interview.ask(question.text, question.verdict, question.previous, question.session)
        return Asked(session, tuple(answers))
