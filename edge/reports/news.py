"""How reports stand: every change a message, numbered, and told several at once. One thread; `counts` from any."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from edge.feed.publisher import Numbers
from edge.line.outbox import Outbox, Reported
from edge.messages import SCHEMA_VERSION, PartReport, ReportState, Verdict, time_text, topic_for
from edge.reports.handover import Written

# Reports are for people, who do not notice; and the disk has one commit instead of many.
_TELL_EVERY_S = 0.2


class News:
    """What has changed since it was last told."""

    def __init__(self, numbers: Numbers, outbox: Outbox) -> None:
        self._numbers = numbers
        self._outbox = outbox
        self._new: list[PartReport] = []
        # When to tell next, as `time.monotonic()`.
        self.tell_at = 0.0
        self._counts: Counter[ReportState] = Counter()
        self._topics: dict[str, str] = {}

    @property
    def is_new(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self._new)

    def counts(self) -> Mapping[ReportState, int]:
        """How many came to each end since the start, and how many are queued now."""
        counts = self._counts.copy()
        queued = counts["queued"] - counts["ready"] - counts["expired"]
        return {"queued": queued, **{state: counts[state] for state in ("ready", "expired", "shed")}}

    def note(self, verdict: Verdict, state: ReportState, written: Written | None = None) -> None:
        """A report has come to another state."""
        self._note(verdict, state, time_text(time.time_ns()), written)

    def note_shed(self, verdicts: Iterable[Verdict]) -> None:
        """None of these will have one. There may be hundreds a second, so they get the same time."""
        now = time_text(time.time_ns())
        for verdict in verdicts:
            self._note(verdict, "shed", now, None)

    def _note(self, verdict: Verdict, state: ReportState, now: str, written: Written | None) -> None:
        self._counts[state] += 1
        topic = self._topic(verdict.line, verdict.camera)
        self._new.append(
            PartReport(
                schema=SCHEMA_VERSION,
                topic=topic,
                epoch=self._numbers.epoch,
                number=self._numbers.next(topic),
                line=verdict.line,
                camera=verdict.camera,
                verdict=verdict.id,
                verdict_number=verdict.number,
                time=now,
                state=state,
                facts=written.facts if written else None,
                text=written.text if written else {},
                words=written.words if written else {},
                dropped=written.dropped if written else 0,
                took_ms=written.took_ms if written else 0.0,
                phrases=written.phrases if written else {},
            )
        )

    def _topic(self, line: str, camera: str) -> str:
        if camera not in self._topics:
            self._topics[camera] = topic_for("report", line, camera)
        return self._topics[camera]

    def expire(self, unfinished: Iterable[PartReport]) -> None:
        """Reports of an earlier start that never came to an end; they count as that one's."""
        for report in unfinished:
            self._new.append(
                msgspec.structs.replace(
                    report,
                    epoch=self._numbers.epoch,
                    number=self._numbers.next(report.topic),
                    time=time_text(time.time_ns()),
                    state="expired",
                )
            )

    def tell(self) -> None:
        """Send what is new. Raises ChannelClosedError when the line has stopped."""
        if self._new:
            self._outbox.put("reports", Reported(tuple(self._new)))
        self._new.clear()
        self.tell_at = time.monotonic() + _TELL_EVERY_S
