"""The process that writes reports dies, hangs, or outlives a killed service: verdicts go on as if it were not there."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from edge.client import Client
from edge.messages import PartReport, Verdict, time_text
from edge.store.history import History
from edge.store.opening import open_store
from edge.store.store import StoreLimits
from edge.store.wanted import Wanted
from tests.bundles import make_bundle
from tests.e2e.line_process import LineProcess, accounts_in, free_address, start_line, write_line

NG_PARTS = {"belt": "pattern:?fps=10&size=160x120"}
REPORTS = "\n\n[reports]\nexpire_s = 60\nhang_s = 2\nqueue = 4\n"
PATIENCE_S = 90


def report_process(line: LineProcess, after: psutil.Process | None = None) -> psutil.Process:
    """The one that the service has started to write reports; the next one after another."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for child in psutil.Process(line.process.pid).children():
            with suppress(psutil.ZombieProcess, psutil.NoSuchProcess):
                if "edge.reports" in child.cmdline() and child != after:
                    return child
        time.sleep(0.05)
    raise AssertionError("no report process was started")


def heard_until(client: Client, condition: Callable[[list[Verdict], list[PartReport]], bool]) -> list[PartReport]:
    """Listen until the condition holds; all reports that came meanwhile."""
    verdicts: list[Verdict] = []
    reports: list[PartReport] = []
    deadline = time.monotonic() + PATIENCE_S
    while not condition(verdicts, reports):
        assert time.monotonic() < deadline, (len(verdicts), [report.state for report in reports])
        received = client.receive(0.1)
        if received is not None and isinstance(received[0], Verdict):
            verdicts.append(received[0])
        elif received is not None and isinstance(received[0], PartReport):
            reports.append(received[0])
    return reports


def written_from_now_on() -> Callable[[list[Verdict], list[PartReport]], bool]:
    """A report is there that was not under way yet."""
    now = time_text(time.time_ns())
    return lambda _, reports: any(report.state == "ready" and report.time > now for report in reports)


@pytest.mark.slow
def test_reports_fail_and_verdicts_do_not_notice(tmp_path: Path) -> None:
    """Killed and stopped: verdicts come on, reports come again, each comes to one end, and the ledger is balanced."""
    feed = free_address()
    line_file = write_line(tmp_path, make_bundle(tmp_path / "bundle").path, feed, NG_PARTS)
    line_file.write_text(line_file.read_text(encoding="utf-8") + REPORTS, encoding="utf-8")
    line = start_line(line_file, feed)
    with Client(feed, ["verdict/", "report/"]) as client:
        reports = heard_until(client, written_from_now_on())
        killed = report_process(line)
        killed.kill()
        stopped = report_process(line, after=killed)
        reports += heard_until(client, written_from_now_on())
        stopped.send_signal(signal.SIGSTOP)
        reports += heard_until(client, lambda verdicts, _: len(verdicts) >= 30)
        report_process(line, after=stopped)
        reports += heard_until(client, written_from_now_on())
        assert not stopped.is_running()
        assert client.account.missing == 0
    code, log = line.end(signal.SIGTERM)
    assert code == 0, log
    assert "reports: the process that writes them was ended by SIGKILL" in log
    assert "has not answered for 2 s and was ended" in log
    assert [row[-1] for row in accounts_in(log).values()] == [0]
    history = History(tmp_path / "data")
    wanted = [kept.verdict for kept in history.select(Wanted()) if kept.verdict.status != "OK"]
    ends = [history.report(verdict.id) for verdict in wanted]
    assert {end.state for end in ends if end is not None} >= {"ready", "expired"}
    assert all(end is not None and end.state != "queued" for end in ends)


@pytest.mark.slow
def test_a_killed_service_leaves_no_report_process_and_no_report_in_the_dark(tmp_path: Path) -> None:
    """Even a stopped process goes with the service; what it had expires at the next start, under the old number."""
    feed = free_address()
    line_file = write_line(tmp_path, make_bundle(tmp_path / "bundle").path, feed, NG_PARTS)
    line = start_line(line_file, feed)
    with Client(feed, ["verdict/", "report/"]) as client:
        heard_until(client, written_from_now_on())
        process = report_process(line)
        process.send_signal(signal.SIGSTOP)
        heard_until(client, lambda verdicts, _: len(verdicts) >= 15)
        line.process.kill()
        assert line.wait()[0] == -signal.SIGKILL
        assert psutil.wait_procs([process], timeout=20)[1] == []
        with open_store(tmp_path / "data", StoreLimits(), print) as store:
            left = {report.verdict: report.verdict_number for report in store.unfinished_reports()}
        assert left
        line = start_line(line_file, feed)
        told = heard_until(client, lambda _, reports: {r.verdict for r in reports if r.state != "queued"} >= set(left))
    assert line.end(signal.SIGTERM)[0] == 0
    ends = [report for report in told if report.verdict in left and report.state != "queued"]
    assert {end.verdict: end.verdict_number for end in ends} == left
    assert {end.state for end in ends} == {"expired"}
