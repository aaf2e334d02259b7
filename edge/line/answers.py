"""Who answers a trigger first has answered it: one verdict a trigger, numbered in the order in which they leave.

The inspection answers, or the deadline does, or the trigger is dropped; whoever comes second changes nothing.
What the model says of a trigger that its deadline has answered becomes a note under that verdict.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from edge.feed.publisher import Numbers
from edge.line.heartbeat import LineFacts
from edge.line.judge import Findings, Work, nothing_found
from edge.line.ledger import Ledger, Trigger
from edge.line.outbox import Judged, Late, Outbox
from edge.messages import SCHEMA_VERSION, DropReason, Note, Verdict, time_text, topic_for
from edge.verdict import Disposition, Reason, disposition

# A hung engine owes an answer for one trigger; more only where it is slower than the deadline and answers many at once.
_MOST_OWED = 1000


class Answers:
    """The open triggers of a line, with what is to be judged. Safe from any thread.

    To take a trigger out of `_open` is to win it; that is one step of a dict. So a camera that opens triggers never
    waits for those who send.
    """

    def __init__(
        self, facts: LineFacts, numbers: Numbers, ledger: Ledger, outbox: Outbox, means: Mapping[str, Disposition]
    ) -> None:
        """means: per camera, what becomes of a part that is UNDECIDED."""
        self._facts = facts
        self._numbers = numbers
        self._ledger = ledger
        self._outbox = outbox
        self._means = means
        self._open: dict[Trigger, Work] = {}
        self._sending = threading.Lock()
        self._owed: dict[Trigger, Verdict] = {}

    def expect(self, work: Work) -> None:
        """The ledger has opened a trigger; exactly one of the calls below will close it."""
        self._open[work.trigger] = work

    def is_open(self, trigger: Trigger) -> bool:
        return trigger in self._open

    def answer(self, work: Work, findings: Findings) -> Verdict | None:
        """Send the verdict; None where the trigger is closed: a note is sent if its deadline did that.

        Raises ChannelClosedError when the line has stopped; the trigger is then a drop.
        """
        with self._sending:
            if self._open.pop(work.trigger, None) is not None:
                return self._send(work, findings)
            missed = self._owed.pop(work.trigger, None)
            if missed is not None:
                self._outbox.put("notes", Late(self._note(missed, findings)))
            return None

    def give_up(self, trigger: Trigger, reason: Reason) -> tuple[Work, Verdict] | None:
        """No answer came: send UNDECIDED; None where the trigger is closed. Raises as `answer` does."""
        with self._sending:
            work = self._open.pop(trigger, None)
            if work is None:
                return None
            verdict = self._owed[trigger] = self._send(work, nothing_found(work, reason))
            if len(self._owed) > _MOST_OWED:
                del self._owed[next(iter(self._owed))]
            return work, verdict

    def withdraw(self, trigger: Trigger, reason: DropReason) -> None:
        """Nobody will judge it: a drop, unless it is closed already."""
        if self._open.pop(trigger, None) is not None:
            self._ledger.drop(trigger, reason)

    def withdraw_all(self) -> None:
        """The line has stopped: what nobody has answered is a drop."""
        for trigger in list(self._open):
            self.withdraw(trigger, "stopped")

    def _send(self, work: Work, findings: Findings) -> Verdict:
        try:
            verdict = self._verdict(work, findings)
            self._outbox.put("verdicts", Judged(work.trigger, verdict, work.frame.wall_ns, findings.embedding_D))
        except BaseException:
            self._ledger.drop(work.trigger, "stopped")
            raise
        return verdict

    def _verdict(self, work: Work, findings: Findings) -> Verdict:
        frame, facts, decided = work.frame, self._facts, findings.decided
        camera = work.trigger.camera
        topic = topic_for("verdict", facts.line, camera)
        number = self._numbers.next(topic)
        captured = time_text(frame.wall_ns)
        return Verdict(
            schema=SCHEMA_VERSION,
            id=f"{self._numbers.epoch}-{camera}-{number}",
            topic=topic,
            epoch=self._numbers.epoch,
            number=number,
            line=facts.line,
            camera=camera,
            captured=captured,
            published=captured,  # the writer knows better and says so
            frame_seq=frame.seq,
            status=decided.status,
            reason=decided.reason,
            class_name=decided.class_name,
            probability=decided.probability,
            defect_score=decided.defect_score,
            frame_width=frame.width,
            frame_height=frame.height,
            region=findings.region,
            boxes=findings.boxes,
            timings=findings.timings,
            bundle=findings.by.bundle,
            engine=findings.by.engine,
            disposition=disposition(decided.status, self._means[camera]),
            trigger=frame.trigger,
            product=findings.by.product,
        )

    def _note(self, missed: Verdict, late: Findings) -> Note:
        topic = topic_for("note", missed.line, missed.camera)
        return Note(
            schema=SCHEMA_VERSION,
            topic=topic,
            epoch=missed.epoch,
            number=self._numbers.next(topic),
            line=missed.line,
            camera=missed.camera,
            verdict=missed.id,
            time=time_text(time.time_ns()),
            status=late.decided.status,
            reason=late.decided.reason,
            class_name=late.decided.class_name,
            probability=late.decided.probability,
            defect_score=late.decided.defect_score,
            region=late.region,
            boxes=late.boxes,
            timings=late.timings,
            bundle=late.by.bundle,
            engine=late.by.engine,
        )
