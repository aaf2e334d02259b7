"""Subscribers that stand still, and that are killed and come back: each has every verdict once."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.bundles import make_bundle
from tests.e2e.fault_line import FaultLine, line_at_full_rate
from tests.e2e.reader_process import lines_in, start_reader

BUSY = {"left": "pattern:?fps=20&size=160x120", "right": "pattern:?fps=20&size=160x120&seed=5"}
RATES = {"left": 20.0, "right": 20.0}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "brightness").path


def more(harmed: FaultLine, number: int) -> None:
    """So many verdicts later."""
    wanted = len(harmed.verdicts) + number
    harmed.until(lambda: len(harmed.verdicts) >= wanted, f"{number} more verdicts")


def check_has_all(harmed: FaultLine, log: Path) -> None:
    """The reader's log holds what was published until now, once."""
    wanted = {(verdict.topic, verdict.epoch, verdict.number) for verdict in harmed.verdicts}
    harmed.until(lambda: wanted <= {line.place for line in lines_in(log)}, "the reader has all")
    had = [line.place for line in lines_in(log)]
    assert len(set(had)) == len(had)


def test_a_subscriber_that_is_killed_goes_on_where_it_was(bundle: Path, tmp_path: Path) -> None:
    """Three times kill -9 in mid-stream, and away for a while each time: nothing is missing, nothing comes twice."""
    log = tmp_path / "reader.log"
    with line_at_full_rate(tmp_path, bundle, BUSY, RATES) as harmed:
        for _ in range(3):
            reader = start_reader(harmed.line.feed, log)
            before = len(lines_in(log))
            harmed.until(lambda n=before: len(lines_in(log)) > n + 30, "the reader reads")  # type: ignore[misc]
            reader.kill()
            reader.communicate()
            more(harmed, 60)
        reader = start_reader(harmed.line.feed, log)
        check_has_all(harmed, log)
        reader.send_signal(signal.SIGTERM)
        account, _ = reader.communicate(timeout=60)
    assert account.startswith("0 missing of")


def test_a_subscriber_that_stands_still_hurts_nobody(bundle: Path, tmp_path: Path) -> None:
    """SIGSTOP for some time: the line and its other reader go on, and the slow one catches up."""
    log = tmp_path / "reader.log"
    with line_at_full_rate(tmp_path, bundle, BUSY, RATES) as harmed:
        reader = start_reader(harmed.line.feed, log)
        harmed.until(lambda: len(lines_in(log)) > 30, "the reader reads")
        reader.send_signal(signal.SIGSTOP)
        more(harmed, 250)
        reader.send_signal(signal.SIGCONT)
        check_has_all(harmed, log)
        reader.send_signal(signal.SIGTERM)
        account, _ = reader.communicate(timeout=60)
    assert account.startswith("0 missing of")
