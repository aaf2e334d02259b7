"""One answer a trigger, whoever is first: the inspection, the deadline, or nobody."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from camera.frame import Frame
from edge.config.sections import MAIN
from edge.engines.ort import OrtEngine
from edge.feed.publisher import Numbers
from edge.geometry import Region
from edge.inspection.inspector import Inspector
from edge.line.answers import Answers
from edge.line.heartbeat import LineFacts
from edge.line.judge import Findings, JudgedBy, Work
from edge.line.ledger import Ledger
from edge.line.outbox import Judged, Late, Outgoing, new_outbox
from edge.line.recipes import Recipe
from edge.messages import Timings
from edge.verdict import Decided
from tests.bundles import flat, make_bundle

CAMERAS = ("left", "right")
FACTS = LineFacts("steel", "b1", "bundle", True, {}, "engine", "because", "2026-01-01T00:00:00.000Z")


def _recipe() -> Recipe:
    with tempfile.TemporaryDirectory() as folder:
        bundle = make_bundle(Path(folder) / "b")
        return Recipe(MAIN, Inspector(bundle, OrtEngine(bundle, "float32", threads=1)))


RECIPE = _recipe()
BY = JudgedBy("b1", "engine", MAIN)
OK = Findings(Decided("OK", "black", 0.9, 0.1), Region(0, 0, 4, 4), (), Timings(1.0, 1.0, 1.0, 1.0, 4.0), BY)


class OneAnswer(RuleBasedStateMachine):
    """Answers, deadlines and drops in any order, also twice; now and then the writer empties the outbox."""

    works = Bundle("works")

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(CAMERAS)
        self.outbox = new_outbox()
        means = dict.fromkeys(CAMERAS, "reject")
        self.answers = Answers(FACTS, Numbers("e1"), self.ledger, self.outbox, means)  # type: ignore[arg-type]
        self.opened = 0
        self.sent: list[Judged] = []
        self.notes: list[Late] = []

    @rule(target=works, camera=st.sampled_from(CAMERAS))
    def trigger(self, camera: str) -> Work:
        self.opened += 1
        work = Work(self.ledger.open(camera), Frame(flat(0, 4), 0, 0, 0, camera), None, RECIPE)
        self.answers.expect(work)
        return work

    @rule(work=works)
    def inspect(self, work: Work) -> None:
        self.answers.answer(work, OK)

    @rule(work=works)
    def deadline(self, work: Work) -> None:
        self.answers.give_up(work.trigger, "deadline")

    @rule(work=works)
    def displace(self, work: Work) -> None:
        self.answers.withdraw(work.trigger, "overload")

    @rule()
    def write(self) -> None:
        taken: Sequence[Outgoing] = [item for lane in self.outbox.take_all(timeout_s=0).values() for item in lane]
        for item in taken:
            if isinstance(item, Judged):
                self.ledger.judge(item.trigger, item.verdict.status)  # raises where it is the second
                self.sent.append(item)
            elif isinstance(item, Late):
                self.notes.append(item)

    @invariant()
    def balances(self) -> None:
        accounts = self.ledger.accounts().values()
        assert sum(a.triggers for a in accounts) == self.opened
        assert all(a.unaccounted == 0 for a in accounts)

    def teardown(self) -> None:
        self.write()
        self.answers.withdraw_all()
        assert all(a.in_flight == 0 for a in self.ledger.accounts().values())
        for camera in CAMERAS:
            numbers = [item.verdict.number for item in self.sent if item.trigger.camera == camera]
            assert numbers == list(range(len(numbers)))
        missed = {item.verdict.id for item in self.sent if item.verdict.reason == "deadline"}
        noted = [late.note.verdict for late in self.notes]
        assert len(noted) == len(set(noted))
        assert set(noted) <= missed


TestOneAnswer = OneAnswer.TestCase
