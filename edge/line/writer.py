"""The end of the verdict path: first durable, then published, then counted. The only user of disk and socket.

Where the disk refuses, verdicts are published all the same, marked as not stored (see `edge.store.backlog`).

A batch is whatever piled up while the last one was being written, so a slow disk makes batches larger, not
verdicts later to be decided.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from edge.feed.publisher import Numbers, Publisher
from edge.line.channel import ChannelClosedError
from edge.line.heartbeat import Reporter
from edge.line.ledger import Ledger
from edge.line.outbox import CameraChanged, Judged, Late, LivePicture, Outbox, OutboxLane, Outgoing, Reported
from edge.line.tally import Tally
from edge.messages import SCHEMA_VERSION, CameraReport, LineReport, Picture, encode, time_text, topic_for
from edge.store.backlog import Backlog
from edge.store.store import KeptPicture, NewVerdict

BEAT_S = 1.0
# Each commit waits for the disk and wears it, whatever its size: so at most a hundred a second. A line of fewer parts
# than that does not notice.
_COMMIT_S = 0.01


class Writer:
    """Empties the outbox into the store and the feed, and sends the heartbeat. Runs in the writer thread."""

    def __init__(self, backlog: Backlog, publisher: Publisher, ledger: Ledger, reporter: Reporter) -> None:
        self._backlog = backlog
        self._publisher = publisher
        self._ledger = ledger
        self._reporter = reporter
        self.tally = Tally()

    def run(self, outbox: Outbox, line: str, numbers: Numbers) -> None:
        """Until the outbox is closed and empty; the last thing sent is a report of everything."""
        due = time.monotonic()
        while True:
            try:
                batch = outbox.take_all(max(0.0, due - time.monotonic()))
            except ChannelClosedError:
                break
            begun = time.monotonic()
            changed = self._write(batch, line, numbers)
            if time.monotonic() >= due:
                self._look_at_store()
                self._send([self._reporter.line(), *self._reporter.cameras()])
                due = time.monotonic() + BEAT_S
            elif changed:
                self._send(self._reporter.cameras())
            time.sleep(max(0.0, begun + _COMMIT_S - time.monotonic()))
        self._backlog.finish()
        self._look_at_store()
        self._send([*self._reporter.cameras(), self._reporter.line()])

    def _look_at_store(self) -> None:
        self._backlog.retry()
        self._reporter.note_store(self._backlog.take_stock())

    def _write(self, batch: Mapping[OutboxLane, Sequence[Outgoing]], line: str, numbers: Numbers) -> bool:
        """Verdicts first: what else is in the batch may refer to them. True where a camera has changed."""
        items = [item for lane in batch.values() for item in lane]
        judged = [item for item in items if isinstance(item, Judged)]
        if judged:
            self._write_verdicts(judged)
        late = [item.note for item in items if isinstance(item, Late)]
        if late:
            for note, payload in zip(late, self._backlog.append_notes(late), strict=True):
                self._publisher.publish(note.topic, payload)
            self._reporter.published(late)
        reports = [report for item in items if isinstance(item, Reported) for report in item.reports]
        if reports:
            for report, payload in zip(reports, self._backlog.append_reports(reports), strict=True):
                self._publisher.publish(report.topic, payload)
            self._reporter.published(reports)
        for item in items:
            if isinstance(item, LivePicture):
                self._show(item, line, numbers)
        kept = [item for item in items if isinstance(item, KeptPicture)]
        if kept:
            self._backlog.keep(kept)
        return any(isinstance(item, CameraChanged) for item in items)

    def _write_verdicts(self, judged: Sequence[Judged]) -> None:
        now = time_text(time.time_ns())
        stamped = [msgspec.structs.replace(item.verdict, published=now) for item in judged]
        rows = [
            NewVerdict(verdict, item.wall_ns, item.embedding_D) for verdict, item in zip(stamped, judged, strict=True)
        ]
        try:
            payloads = self._backlog.append(rows)
        except BaseException:
            for item in judged:
                self._ledger.drop(item.trigger, "stopped")
            raise
        for item, payload in zip(judged, payloads, strict=True):
            self._publisher.publish(item.verdict.topic, payload)
            self._ledger.judge(item.trigger, item.verdict.status)
            self._reporter.count(item.verdict)
        self.tally.add(stamped)

    def _show(self, live: LivePicture, line: str, numbers: Numbers) -> None:
        topic = topic_for("picture", line, live.camera)
        header = Picture(
            schema=SCHEMA_VERSION,
            topic=topic,
            epoch=numbers.epoch,
            number=numbers.next(topic),
            line=line,
            camera=live.camera,
            captured=time_text(live.wall_ns),
            verdict=live.verdict_id,
            width=live.width,
            height=live.height,
            scale=live.scale,
        )
        self._publisher.publish(topic, encode(header), live.jpeg)

    def _send(self, reports: Iterable[LineReport | CameraReport]) -> None:
        for report in reports:
            self._publisher.publish(report.topic, encode(report))
