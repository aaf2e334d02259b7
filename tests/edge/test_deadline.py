"""A deadline for each trigger: answered in time by someone, and once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from edge.bench.framelist import FrameList
from edge.engines.engine import Engine
from edge.line.deadline import Deadlines
from edge.line.ledger import Trigger
from edge.line.plan import CameraPlan
from edge.messages import Message, Note, Verdict, encode
from edge.store.history import History
from tests.bundles import flat
from tests.edge.held_engine import HeldEngine
from tests.edge.lines import Bench, built_line

WHITE = flat(255, 64)


class Hold:
    """Puts a HeldEngine around the line's engine, and keeps it at hand."""

    engine: HeldEngine

    def __call__(self, engine: Engine) -> Engine:
        self.engine = HeldEngine(engine)
        return self.engine


def heard_until(bench: Bench, verdicts: int) -> list[Message]:
    """What is published until so many verdicts have come."""
    heard: list[Message] = []
    while sum(isinstance(message, Verdict) for message in heard) < verdicts:
        received = bench.reader.receive(30)
        assert received is not None
        heard.append(received[0])
    return heard


def test_a_hung_engine_does_not_keep_verdicts_from_coming(small_bundle: Path, tmp_path: Path) -> None:
    """At the deadline all parts, inside the engine and behind it, are UNDECIDED; its late answer is a stored note."""
    hold = Hold()
    camera = CameraPlan(FrameList("belt", [WHITE] * 3), waits=True, deadline_ms=50, undecided="hold")
    with built_line(small_bundle, tmp_path, [camera], around=hold) as bench:
        bench.line.start()
        verdicts = [m for m in heard_until(bench, 3) if isinstance(m, Verdict)]
        assert hold.engine.entered.is_set()
        hold.engine.free.set()
        summary = bench.line.stop()
        later = bench.messages()
    assert [(v.number, v.frame_seq, v.status, v.reason, v.disposition) for v in verdicts] == [
        (n, n, "UNDECIDED", "deadline", "hold") for n in range(3)
    ]
    assert all(v.timings.total_ms >= 50 for v in verdicts)
    account = summary.accounts["belt"]
    assert (account.triggers, account.undecided, account.dropped, account.in_flight) == (3, 3, 0, 0)
    assert not [m for m in later if isinstance(m, Verdict)]
    (note,) = [m for m in later if isinstance(m, Note)]
    assert (note.verdict, note.status, note.number) == (verdicts[0].id, "NG", 0)
    stored = History(tmp_path).note(verdicts[0].id)
    assert stored is not None
    assert encode(stored) == encode(note)
    assert History(tmp_path).note(verdicts[1].id) is None


def test_an_engine_in_time_meets_no_deadline(small_bundle: Path, tmp_path: Path) -> None:
    """Answers before the deadline are the verdicts, and good parts are accepted, bad ones rejected."""
    images = [flat(0, 64), WHITE]
    camera = CameraPlan(FrameList("belt", images), waits=True, deadline_ms=60_000, undecided="hold")
    with built_line(small_bundle, tmp_path, [camera]) as bench:
        bench.line.start()
        verdicts = [m for m in heard_until(bench, 2) if isinstance(m, Verdict)]
        bench.line.stop()
    assert [(v.status, v.disposition) for v in verdicts] == [("OK", "accept"), ("NG", "reject")]


def test_the_timer_says_what_has_come_due_in_its_order_and_nothing_else() -> None:
    """A later deadline that was set first does not hold up an earlier one; what was answered is passed over."""
    triggers = [Trigger("belt", number) for number in range(4)]
    missed: list[Trigger] = []
    all_missed = threading.Event()

    def miss(trigger: Trigger) -> None:
        missed.append(trigger)
        if len(missed) == 3:
            all_missed.set()

    deadlines = Deadlines(miss, is_open=lambda trigger: trigger.number != 2)
    thread = threading.Thread(target=deadlines.run)
    thread.start()
    now_ns = time.monotonic_ns()
    for trigger, due_ms in zip(triggers, (90, 60, 30, -1), strict=True):
        deadlines.watch(trigger, now_ns + due_ms * 1_000_000)
    assert all_missed.wait(30)
    deadlines.close()
    thread.join()
    assert missed == [triggers[3], triggers[1], triggers[0]]
