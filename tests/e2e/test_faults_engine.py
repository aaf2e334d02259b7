"""A model that raises, and one that is slower than the deadline, inside a whole service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.fault_line import FaultLine, line_at_full_rate
from tests.e2e.line_process import free_address
from tests.e2e.pusher import Pusher, picture_message
from tests.troubled_bundle import breaking_picture, dawdling_picture, make_troubled_bundle

DEADLINE_MS = 150


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_troubled_bundle(tmp_path_factory.mktemp("bundle") / "troubled").path


@contextmanager
def pushed_line(bundle: Path, folder: Path) -> Iterator[tuple[FaultLine, Pusher]]:
    """A camera that shows the model what the test pushes, and another beside it."""
    address = free_address()
    cameras = {"scanner": f"zmq:{address}", "left": "pattern:?fps=20&size=160x120"}
    rates = {"scanner": 20.0, "left": 20.0}
    with (
        Pusher(address, fps=20) as pusher,
        line_at_full_rate(folder, bundle, cameras, rates, f"deadline_ms = {DEADLINE_MS}") as harmed,
    ):
        yield harmed, pusher


def test_a_model_that_raises_gives_undecided_and_another_engine_goes_on(bundle: Path, tmp_path: Path) -> None:
    """Three times: the part is UNDECIDED(engine_failed), and the next engine judges."""
    with pushed_line(bundle, tmp_path) as (harmed, pusher):
        for _ in range(3):
            before = harmed.count("engine_failed")
            pusher.push(picture_message(breaking_picture()))
            harmed.until(lambda n=before: harmed.count("engine_failed") > n, "a part that no engine answers")  # type: ignore[misc]
            heard = len(harmed.verdicts)
            harmed.until(lambda n=heard: any(v.reason is None for v in harmed.verdicts[n:]), "an engine answers")  # type: ignore[misc]


def test_a_model_slower_than_the_deadline_gives_undecided_at_the_deadline(bundle: Path, tmp_path: Path) -> None:
    """The part inside and those behind it are UNDECIDED(deadline), none earlier than the deadline; then all is well."""
    with pushed_line(bundle, tmp_path) as (harmed, pusher):
        before = harmed.count("deadline")
        pusher.push(picture_message(dawdling_picture()))
        harmed.until(lambda: harmed.count("deadline") > before, "a deadline that is missed")
        late = [verdict for verdict in harmed.verdicts if verdict.reason == "deadline"]
        assert all(verdict.timings.total_ms >= DEADLINE_MS for verdict in late)
        assert {verdict.disposition for verdict in late} == {"reject"}
