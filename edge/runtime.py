"""The line at work. The only file that wires threads and queues.

    camera -> capture -+                           +-> outbox -> writer: disk, then feed
    camera -> capture -+-> frames -> inspection ---+
                                                   +-> pictures: JPEGs --> outbox
                                                   +-> reports: another process --> outbox
    deadlines: a verdict for whatever the inspection has not answered in time --> outbox
    engine watch: another engine and another inspection thread for those that hang

One thread for each name between the arrows, one capture a camera. Every queue is bounded. A live camera never waits:
where inspection is too slow the freshest picture wins, and the older one is an accounted drop. A source that can wait
is held back instead. Whatever fails in a thread stops the whole line, with one sentence.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edge.engines.fallback import FallbackEngine
from edge.errors import EdgevlError
from edge.feed.publisher import Numbers, Publisher
from edge.line.admission import Admission
from edge.line.answers import Answers
from edge.line.capture import CameraStatus, Capture
from edge.line.channel import Channel, ChannelClosedError, Item, Key, LaneStatistics
from edge.line.deadline import Deadlines
from edge.line.health import LineState
from edge.line.heartbeat import LineFacts, Pace, Reporter
from edge.line.inspecting import Inspecting, Pacing
from edge.line.intake import Intake
from edge.line.interpreter import SteadyInterpreter
from edge.line.judge import Work
from edge.line.ledger import Account, Ledger, Trigger
from edge.line.outbox import CameraChanged, Judged, Marked, new_outbox
from edge.line.picture_choice import PictureChoice
from edge.line.pictures import PictureMaker, PicturePlan
from edge.line.plan import CameraPlan, finder_of, lane_of
from edge.line.recipes import Recipes
from edge.line.triggers import OnRequest, RequestError
from edge.line.writer import Writer
from edge.messages import Verdict
from edge.reports.desk import ReportDesk
from edge.reports.handover import Ask, Asked
from edge.reports.plan import NO_REPORTS, ReportPlan
from edge.store.backlog import Backlog
from edge.store.store import Store

_JOIN_S = 10.0


class LineError(EdgevlError):
    """A thread of the line failed in a way nobody foresaw."""


@dataclass(frozen=True, slots=True)
class Outlets:
    """Where verdicts go. The caller opens and closes both; while the line runs they are the line's alone."""

    store: Store
    publisher: Publisher
    pictures: PicturePlan
    reports: ReportPlan = NO_REPORTS


@dataclass(frozen=True, slots=True)
class Summary:
    """What a line did, from `start` on. cpu_s: CPU time of the whole process meanwhile.

    pictures_skipped: NG pictures not kept because there were too many for `edge.line.picture_choice`.
    """

    accounts: Mapping[str, Account]
    seconds: float
    cpu_s: float
    pace: Pace
    pictures_skipped: int
    queues: Mapping[str, LaneStatistics]


class Line:
    """`start`, then `wait` as often as one likes, then `stop` once. `failure` says why it ended early, if it did."""

    def __init__(
        self,
        facts: LineFacts,
        cameras: Sequence[CameraPlan],
        recipes: Recipes,
        outlets: Outlets,
        numbers: Numbers,
        say: Callable[[str], None],
        pacing: Pacing | None = None,
    ) -> None:
        """recipes: by what each camera's parts are judged. `say` gets sentences, from any thread."""
        names = [camera.source.name for camera in cameras]
        self.failure: EdgevlError | None = None
        self._say = say
        self._ledger = Ledger(names)
        self._frames: Channel[str, Work] = Channel({camera.source.name: lane_of(camera) for camera in cameras})
        self._pictures = PictureChoice(names, outlets.pictures)
        self._outbox = new_outbox()
        unfinished = outlets.store.unfinished_reports()
        self._desk = ReportDesk(outlets.reports, numbers, self._outbox, say, unfinished)
        means = {camera.source.name: camera.undecided for camera in cameras}
        self._answers = Answers(facts, numbers, self._ledger, self._outbox, means)
        self._deadlines = Deadlines(self._miss, self._answers.is_open)
        self._admission = Admission(self._ledger, self._answers, self._deadlines, self._frames, recipes.of)
        self._finders = {camera.source.name: finder_of(camera) for camera in cameras}
        self._captures = [self._capture(camera) for camera in cameras]
        self._reporter = Reporter(facts, self._captures, self._ledger, numbers, recipes)
        if isinstance(recipes.main.engine, FallbackEngine):
            recipes.main.engine.on_change(self._reporter.engine_changed)
        self._stop = threading.Event()
        self._over = threading.Event()
        self._started, self._started_cpu = time.monotonic(), time.process_time()
        self._interpreter = SteadyInterpreter()
        self._backlog = Backlog(outlets.store, say)
        self._facts = facts
        writer = Writer(self._backlog, outlets.publisher, self._ledger, self._reporter)
        self._tally = writer.tally
        maker = PictureMaker(self._pictures.queue, self._outbox, outlets.pictures, say)
        self._capturing = [self._thread(c.name, partial(c.run, self._stop)) for c in self._captures]
        pacing = pacing or Pacing()
        self._inspecting = Inspecting(self._frames, recipes, self._answers, self._deliver, self._thread, say, pacing)
        self._tending = self._thread("engine watch", partial(self._inspecting.tend, self._stop))
        self._timing = self._thread("deadlines", self._deadlines.run)
        self._picturing = self._thread("pictures", maker.run)
        self._reporting = self._thread("reports", self._desk.run)
        self._writing = self._thread("writer", partial(writer.run, self._outbox, facts.line, numbers))

    def start(self) -> None:
        self._interpreter.begin()
        self._started, self._started_cpu = time.monotonic(), time.process_time()
        for thread in (
            self._writing,
            self._picturing,
            self._reporting,
            self._timing,
            self._inspecting.thread,
            self._tending,
            *self._capturing,
        ):
            thread.start()

    def wait(self, timeout_s: float) -> bool:
        """True as soon as the line is over: every source has ended, or something failed."""
        return self._over.wait(timeout_s)

    def stop(self) -> Summary:
        """Judge, write and publish what was triggered, then end all threads, upstream first."""
        self._stop.set()
        self._join([*self._capturing, self._tending])
        self._frames.close()
        self._join([self._inspecting.thread])
        self._deadlines.close()
        self._join([self._timing])
        self._answers.withdraw_all()
        self._desk.close()
        self._join([self._reporting])
        self._pictures.queue.close()
        self._join([self._picturing])
        self._outbox.close()
        self._join([self._writing])
        self._drop_the_rest()
        self._interpreter.end()
        return self._summary()

    def is_progressing(self, limit_s: float) -> bool:
        """Whether every camera, the inspection and the disk have shown a sign of life within `limit_s`."""
        if any(capture.is_hung(limit_s) for capture in self._captures):
            return False
        return self._ledger.longest_wait_s() < limit_s

    def request(self, camera: str, identity: str) -> None:
        """Ask a camera with `trigger = "external"` for a verdict on its next frame, from any thread.

        Raises RequestError, in a sentence for whoever asked.
        """
        finder = self._finders.get(camera)
        if not isinstance(finder, OnRequest):
            able = [name for name, known in self._finders.items() if isinstance(known, OnRequest)]
            raise RequestError(
                f"the camera {camera!r} takes no requests; those that do: {', '.join(able) or 'none'}"
                ' (trigger = "external" in the line file)'
            )
        finder.request(identity, time.monotonic_ns())

    def ask(self, question: Ask, reply: Callable[[Asked | str], None]) -> None:
        """Have a question about a part answered, from any thread; `reply` is called once (see `ReportDesk.ask`)."""
        self._desk.ask(question, reply)

    def mark(self, marked: Marked) -> None:
        """Store and publish what a person says of a verdict, from any thread. Never waits.

        Raises ChannelClosedError when the line is being stopped.
        """
        displaced = self._outbox.put("marks", marked)
        if isinstance(displaced, Marked):
            displaced.reply("too many parts are being marked at once; mark this one again")

    def show_pictures(self, camera: str, holder: bytes, hz: float, seconds: float) -> float:
        """Send live pictures of a camera at this rate for a while, from any thread; the rate that now holds.

        Raises KeyError where there is no such camera, TooManyLeasesError.
        """
        if camera not in self._finders:
            raise KeyError(camera)
        return self._pictures.rates.lease(camera, holder, hz, seconds)

    def statuses(self) -> Mapping[str, CameraStatus]:
        """How each camera is now."""
        return {capture.name: capture.status for capture in self._captures}

    def state(self, limit_s: float = 60.0) -> LineState:
        """All that a monitor may know, from any thread; `limit_s` as for `is_progressing`."""
        return LineState(
            line=self._facts.line,
            bundle=self._facts.bundle,
            engine=self._reporter.engine,
            accounts=self._ledger.accounts(),
            cameras=self.statuses(),
            queues=self._frames.statistics(),
            store=self._backlog.health,
            kinds=self._tally.kinds(),
            histograms=self._tally.histograms(),
            reports=self._desk.counts(),
            progressing=self.is_progressing(limit_s),
        )

    def _capture(self, camera: CameraPlan) -> Capture:
        name = camera.source.name
        watch = None if camera.trigger == "frame" else self._pictures.watcher()
        intake = Intake(camera, self._finders[name], self._admission, watch)
        return Capture(camera.source, intake, partial(self._announce, name), camera.max_age_ms)

    def _announce(self, camera: str, status: CameraStatus) -> None:
        self._say(f"{camera}: {status.state}: {status.detail}")
        self._outbox.put("changes", CameraChanged(camera))

    def _miss(self, trigger: Trigger) -> None:
        """Its deadline has come."""
        missed = self._answers.give_up(trigger, "deadline")
        if missed is not None:
            self._deliver(*missed, None)

    def _deliver(self, work: Work, verdict: Verdict, map_HW: NDArray[np.float32] | None) -> None:
        """What was sent: perhaps told in words, perhaps shown. In the inspection's thread or the deadlines'."""
        self._desk.offer(work.frame, verdict)
        self._pictures.of_verdict(work.frame, verdict, map_HW)

    def _thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        # Daemons, because a hung camera driver must not keep a stopped line from exiting; all are joined.
        return threading.Thread(target=self._guard, args=(name, work), name=name, daemon=True)

    def _guard(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except ChannelClosedError:
            pass  # the line is stopping
        except Exception as error:
            self._fail(name, error)
        if all(capture.status.state == "ended" for capture in self._captures):
            self._over.set()

    def _fail(self, name: str, error: Exception) -> None:
        """The first failure is the one that counts; the others are what it broke."""
        if self.failure is None:
            self.failure = error if isinstance(error, EdgevlError) else _unforeseen(name, error)
        self._stop.set()
        self._frames.close()
        self._outbox.close()
        self._over.set()

    def _join(self, threads: Sequence[threading.Thread]) -> None:
        deadline = time.monotonic() + _JOIN_S
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                self._say(f"{thread.name} did not stop within {_JOIN_S:g} s; it is left behind")

    def _drop_the_rest(self) -> None:
        """After a failure: what no thread will take any more."""
        self._answers.withdraw_all()
        for item in _drained(self._outbox):
            if isinstance(item, Judged):
                self._ledger.drop(item.trigger, "stopped")
            if isinstance(item, Marked):
                item.reply("the line has stopped; mark the part when it runs again")

    def _summary(self) -> Summary:
        return Summary(
            accounts=self._ledger.accounts(),
            seconds=time.monotonic() - self._started,
            cpu_s=time.process_time() - self._started_cpu,
            pace=self._reporter.pace(),
            pictures_skipped=self._pictures.skipped(),
            queues=self._frames.statistics(),
        )


def _drained(channel: Channel[Key, Item]) -> list[Item]:
    """What is left in a closed channel."""
    try:
        return [item for lane in channel.take_all(timeout_s=0).values() for item in lane]
    except ChannelClosedError:
        return []


def _unforeseen(name: str, error: Exception) -> LineError:
    failure = LineError(
        f"the line stopped because its {name} thread failed ({type(error).__name__}: {error}); please report this"
    )
    failure.__cause__ = error
    return failure
