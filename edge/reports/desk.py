"""Reports beside the line: parts are offered, wait their turn, are written about in another process, and are told of.

The same process answers questions about parts, which go first.

    inspection --offer--> [ desk thread: queue, clock, process ] --> outbox: disk, then feed

Whoever offers a part pays for one append: the picture is copied, the report numbered and the process tended in the
desk's own thread. That is woken for a part that will be written about, and not for one that is shed: on a line where
every part is NG it would take the interpreter from the inspection hundreds of times a second. A report that fails, for
whatever reason, has expired; nothing here reaches a verdict.
"""

from __future__ import annotations

import math
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from camera.frame import Frame
from edge.feed.publisher import Numbers
from edge.line.channel import ChannelClosedError
from edge.line.outbox import Outbox
from edge.messages import PartReport, ReportState, Verdict
from edge.reports.handover import Answer, Ask, Asked, Failed, Open, Part, Written, shared_picture
from edge.reports.news import News
from edge.reports.pace import Pace
from edge.reports.plan import ReportPlan
from edge.reports.process import MODULE
from edge.reports.tended import TendedProcess

# Those who ask wait for it.
_ANSWER_S = 10.0
_MOST_QUESTIONS = 32
_NO_ANSWER = "there was no answer in time; ask again"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A part whose report is due at `due` (`time.monotonic()`); `picture`: a memfd of ours."""

    verdict: Verdict
    picture: int
    due: float


@dataclass(frozen=True, slots=True)
class _Question:
    """Somebody waits for an answer until `due`; `reply` gets it, or one sentence that says why there is none."""

    ask: Ask
    reply: Callable[[Asked | str], None]
    due: float


class ReportDesk:
    """Any thread may `offer`; one runs `run` until `close`. Each report ends `ready`, `expired` or `shed`, once."""

    def __init__(
        self,
        plan: ReportPlan,
        numbers: Numbers,
        outbox: Outbox,
        say: Callable[[str], None],
        unfinished: Sequence[PartReport] = (),
        module: str = MODULE,
    ) -> None:
        """unfinished: what was queued when the service was killed; told of as expired. module: of the process."""
        self._plan = plan
        self._say = say
        self._unfinished = unfinished
        wish = Open(tuple(str(bundle) for bundle in plan.bundles), plan.languages)
        self._process = TendedProcess(wish, plan.hang_s, say, module)
        self._questions: deque[_Question] = deque()
        self._asked: _Question | None = None
        self._offers: deque[tuple[Verdict, Frame]] = deque()
        self._shed: deque[Verdict] = deque()
        self._opening = threading.Lock()
        self._is_open = True
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._waiting: deque[_Waiting] = deque()
        self._in_hand: _Waiting | None = None
        self._pace = Pace()
        self._news = News(numbers, outbox)
        self._last_failure = ""

    def offer(self, frame: Frame, verdict: Verdict) -> None:
        """Ask for a report, if this verdict is to have one. Never waits for anything; from any thread."""
        if verdict.status not in self._plan.statuses:
            return
        with self._opening:
            if not self._is_open:
                return
            if self._has_room(frame):
                self._offers.append((verdict, frame))
                is_news = True
            else:
                is_news = not self._shed
                self._shed.append(verdict)
            if is_news:
                os.eventfd_write(self._bell, 1)

    def ask(self, question: Ask, reply: Callable[[Asked | str], None]) -> None:
        """Have a question answered; questions go before reports. `reply` is called once, from our thread or at once.

        Never waits; from any thread.
        """
        with self._opening:
            if self._is_open and self._plan.statuses and len(self._questions) < _MOST_QUESTIONS:
                self._questions.append(_Question(question, reply, time.monotonic() + _ANSWER_S))
                os.eventfd_write(self._bell, 1)
                return
        off = "too many ask at once; ask again" if self._plan.statuses else "`enabled` in [reports] is false"
        reply(f"questions are not answered now: {off}")

    def counts(self) -> Mapping[ReportState, int]:
        """How many came to each end since the start, and how many are queued now. From any thread."""
        return self._news.counts()

    @property
    def pid(self) -> int | None:
        """Of the process that writes, while there is one."""
        return self._process.pid

    def close(self) -> None:
        """No more offers; `run` ends soon. Safe to call twice."""
        with self._opening:
            if self._is_open:
                self._is_open = False
                os.eventfd_write(self._bell, 1)

    def run(self) -> None:
        """Until `close`; what is not written by then has expired. A fault of ours ends the reports, not the line."""
        try:
            self._news.expire(self._unfinished)
            while self._is_open and self._plan.statuses:
                self._wait()
                self._work()
        except ChannelClosedError:
            pass  # the line is stopping
        except Exception as error:
            self._say(f"there are no more reports ({type(error).__name__}: {error}); please report this")
        finally:
            self._finish()

    def _work(self) -> None:
        """One round: everything that is due, and nothing that waits."""
        self._take_offers()
        self._process.tend()
        self._expire()
        if self._questions and self._process.is_free:
            self._asked = self._questions.popleft()
            self._process.give(self._asked.ask)
            self._expire()
        if self._waiting and self._process.is_free:
            self._give(self._waiting.popleft())
        if time.monotonic() >= self._news_due:
            self._note_shed()
            self._news.tell()

    @property
    def _news_due(self) -> float:
        """When to tell, as `time.monotonic()`; never where there is nothing."""
        return self._news.tell_at if self._shed or self._news.is_new else math.inf

    def _wait(self) -> None:
        """Until there is an offer or an answer, or something is due."""
        due = min(
            self._process.due,
            self._waiting[0].due if self._waiting else math.inf,
            self._in_hand.due if self._in_hand else math.inf,
            self._questions[0].due if self._questions else math.inf,
            self._asked.due if self._asked else math.inf,
            self._news_due,
        )
        bells = select.poll()
        bells.register(self._bell, select.POLLIN)
        answers = self._process.fileno()
        if answers is not None:
            bells.register(answers, select.POLLIN)
        left_s = max(0.0, due - time.monotonic())
        rung = {fd for fd, _ in bells.poll(None if due == math.inf else math.ceil(left_s * 1e3))}
        if self._bell in rung:
            os.eventfd_read(self._bell)
        if answers in rung:
            self._hear()

    def _take_offers(self) -> None:
        while self._offers:
            verdict, frame = self._offers[0]
            picture = self._shared(frame, verdict)
            if picture is None:
                self._news.note(verdict, "shed")
            else:
                self._waiting.append(_Waiting(verdict, picture, time.monotonic() + self._plan.expire_s))
                self._news.note(verdict, "queued")
            self._offers.popleft()  # only now: until then it takes room in the queue

    def _note_shed(self) -> None:
        self._news.note_shed([self._shed.popleft() for _ in range(len(self._shed))])

    def _has_room(self, frame: Frame) -> bool:
        return len(self._waiting) + len(self._offers) < self._plan.queue and self._pace.grants(frame)

    def _shared(self, frame: Frame, verdict: Verdict) -> int | None:
        try:
            return shared_picture(frame.image_HWC, verdict.region)
        except OSError as error:
            self._complain(f"no memory for a part's picture ({error.strerror})")
            return None

    def _give(self, waiting: _Waiting) -> None:
        self._process.give(Part(waiting.verdict), waiting.picture)
        os.close(waiting.picture)
        self._in_hand = waiting
        self._expire()

    def _hear(self) -> None:
        answered = self._process.hear()
        if answered is None:
            return
        question, self._asked = self._asked, None
        if question is not None:
            question.reply(answered if isinstance(answered, Asked) else _words(answered))
            return
        waiting, self._in_hand = self._in_hand, None
        if waiting is None:
            return  # it came too late, and has been told of
        if isinstance(answered, Written):
            self._news.note(waiting.verdict, "ready", answered)
            self._last_failure = ""
        else:
            self._news.note(waiting.verdict, "expired")
            self._complain(_words(answered))

    def _expire(self) -> None:
        """Those whose time is over, and the one whose process has gone."""
        now = time.monotonic()
        if self._asked is not None and (now >= self._asked.due or not self._process.is_busy):
            self._asked.reply(_NO_ANSWER)
            self._asked = None
        while self._questions and now >= self._questions[0].due:
            self._questions.popleft().reply(_NO_ANSWER)
        if self._in_hand is not None and (now >= self._in_hand.due or not self._process.is_busy):
            self._news.note(self._in_hand.verdict, "expired")
            self._in_hand = None
        while self._waiting and now >= self._waiting[0].due:
            self._drop(self._waiting.popleft())

    def _drop(self, waiting: _Waiting) -> None:
        os.close(waiting.picture)
        self._news.note(waiting.verdict, "expired")

    def _finish(self) -> None:
        """The process ends, and so does every report that is still under way."""
        self.close()
        self._process.end()
        while self._offers:
            self._news.note(self._offers.popleft()[0], "shed")
        self._note_shed()
        if self._in_hand is not None:
            self._news.note(self._in_hand.verdict, "expired")
        while self._waiting:
            self._drop(self._waiting.popleft())
        for question in [*self._questions, *([self._asked] if self._asked else [])]:
            question.reply(_NO_ANSWER)
        os.close(self._bell)
        with suppress(ChannelClosedError):
            self._news.tell()

    def _complain(self, sentence: str) -> None:
        """Once, and not for each part."""
        if sentence != self._last_failure:
            self._say(f"reports: a part has none because {sentence}")
        self._last_failure = sentence


def _words(answered: Answer) -> str:
    """Why something was not done."""
    return answered.sentence if isinstance(answered, Failed) else "another thing was answered than was asked"
