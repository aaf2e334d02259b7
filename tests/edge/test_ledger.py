"""The ledger: triggers = verdicts + dropped + in flight, whatever happens in whatever order."""

from __future__ import annotations

import threading

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from edge.line.ledger import Ledger, LedgerError, Trigger

CAMERAS = ("left", "right")


class Balance(RuleBasedStateMachine):
    """Opens and closes triggers at random, and counts along."""

    triggers = Bundle("triggers")

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(CAMERAS)
        self.closed: list[Trigger] = []
        self.opened = 0

    @rule(target=triggers, camera=st.sampled_from(CAMERAS))
    def open(self, camera: str) -> Trigger:
        self.opened += 1
        return self.ledger.open(camera)

    @rule(trigger=consumes(triggers), status=st.sampled_from(("OK", "NG", "UNDECIDED")))
    def judge(self, trigger: Trigger, status: str) -> None:
        self.ledger.judge(trigger, status)  # type: ignore[arg-type]  # drawn from the three
        self.closed.append(trigger)

    @rule(trigger=consumes(triggers), reason=st.sampled_from(("overload", "stopped")))
    def drop(self, trigger: Trigger, reason: str) -> None:
        self.ledger.drop(trigger, reason)  # type: ignore[arg-type]  # drawn from the two
        self.closed.append(trigger)

    @rule()
    def close_again(self) -> None:
        for trigger in self.closed[-1:]:
            with pytest.raises(LedgerError, match="closed twice"):
                self.ledger.judge(trigger, "OK")

    @invariant()
    def balances(self) -> None:
        accounts = self.ledger.accounts()
        assert sum(account.triggers for account in accounts.values()) == self.opened
        assert sum(account.in_flight for account in accounts.values()) == self.opened - len(self.closed)
        assert all(account.unaccounted == 0 for account in accounts.values())


TestBalance = Balance.TestCase


def test_balances_at_every_moment_while_threads_open_and_close() -> None:
    """A reader that looks all the time never sees an account that does not add up."""
    ledger = Ledger(CAMERAS)

    def work(camera: str) -> None:
        for number in range(2000):
            trigger = ledger.open(camera)
            if number % 3:
                ledger.judge(trigger, "OK")
            else:
                ledger.drop(trigger, "overload")

    threads = [threading.Thread(target=work, args=(camera,)) for camera in CAMERAS * 2]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert all(account.unaccounted == 0 for account in ledger.accounts().values())
    for thread in threads:
        thread.join()
    left = ledger.accounts()["left"]
    assert (left.triggers, left.verdicts, left.dropped, left.in_flight) == (4000, 2666, 1334, 0)
    assert ledger.longest_wait_s() == 0.0


def test_an_account_does_not_change_after_it_was_taken() -> None:
    """What was read is a moment, not a view."""
    ledger = Ledger(["belt"])
    before = ledger.accounts()["belt"]
    ledger.drop(ledger.open("belt"), "stopped")
    assert before.triggers == 0
    assert not before.dropped_by
