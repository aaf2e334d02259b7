"""The end of the verdict path: first durable, then published, then counted. The only user of disk and socket.

Where the disk refuses, verdicts are published all the same, marked as not stored (see `edge.store.backlog`).

A batch is whatever piled up while the last one was being written, so a slow disk makes batches larger, not
verdicts later to be decided.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from edge.feed.publisher import Numbers, Publisher
from edge.line.channel import ChannelClosedError
from edge.line.heartbeat import Reporter
from edge.line.ledger import Ledger
from edge.line.outbox import CameraChanged, Judged, Late, LivePicture, Marked, Outbox, OutboxLane, Outgoing, Reported
from edge.line.tally import Tally
from edge.messages import SCHEMA_VERSION, CameraReport, LineReport, Picture, VerdictMark, encode, time_text, topic_for
from edge.store.backlog import Backlog
from edge.store.database import StoreRefusedError
from edge.store.kept_pictures import KeptPicture
from edge.store.rows import NewVerdict

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
        # Of these topics, numbers are given when the disk has taken the message: a refused one must leave no gap.
        self._marks: Counter[str] = Counter()

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
        marked = [item for item in items if isinstance(item, Marked)]
        if marked:
            self._write_marks(marked, line, numbers.epoch)
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

    def _write_marks(self, marked: Sequence[Marked], line: str, epoch: str) -> None:
        """All of them, or none where the disk refuses; whoever marked is told which."""
        numbers = self._marks.copy()
        marks = []
        for item in marked:
            topic = topic_for("mark", line, item.verdict.camera)
            marks.append(_mark(item, line, epoch, numbers[topic]))
            numbers[topic] += 1
        try:
            payloads = self._backlog.append_marks(marks)
        except StoreRefusedError as refused:
            for item in marked:
                item.reply(f"the mark was not stored: {refused}")
            return
        self._marks = numbers
        for item, mark, payload in zip(marked, marks, payloads, strict=True):
            self._publisher.publish(mark.topic, payload)
            item.reply(mark)
        self._reporter.published(marks)

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


def _mark(item: Marked, line: str, epoch: str, number: int) -> VerdictMark:
    verdict = item.verdict
    return VerdictMark(
        schema=SCHEMA_VERSION,
        topic=topic_for("mark", line, verdict.camera),
        epoch=epoch,
        number=number,
        line=line,
        camera=verdict.camera,
        verdict=verdict.id,
        status=verdict.status,
        judged=verdict.class_name,
        time=time_text(time.time_ns()),
        truth=item.truth,
        class_name=item.class_name,
        note=item.note,
        by=item.by,
    )
