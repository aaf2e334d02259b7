"""A mark that was answered for survives the service being killed that very moment."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from edge.client import ask
from edge.messages import LineReport, Verdict, VerdictMark, decode
from edge.requests.messages import MarkRequest, ReplayAnswer, ReplayRequest
from edge.store.history import History
from edge.store.wanted import Wanted
from tests.bundles import make_bundle
from tests.e2e.line_process import LineProcess, free_address, start_line, write_line


def first_verdict(line: LineProcess, status: str) -> tuple[Verdict, str]:
    """Of this status, and where the line can be asked."""
    found, requests, give_up_at = None, "", time.monotonic() + 60
    with line.reader() as reader:
        while found is None or not requests:
            assert time.monotonic() < give_up_at, "the line did not start"
            received = reader.receive(1)
            if received is not None and isinstance(received[0], Verdict) and received[0].status == status:
                found = found or received[0]
            if received is not None and isinstance(received[0], LineReport):
                requests = received[0].requests
    return found, requests


def test_marks_survive_kill_9_and_go_on_in_the_next_start(tmp_path: Path) -> None:
    """Killed at once: the mark is there, is replayed, and can be withdrawn after the restart."""
    bundle = make_bundle(tmp_path / "bundle").path
    feed = free_address()
    line_file = write_line(tmp_path, bundle, feed, {"belt": "pattern:?fps=20&size=160x120"})
    history = History(tmp_path / "data")
    marked: list[str] = []
    for _ in range(3):
        line = start_line(line_file, feed)
        verdict, requests = first_verdict(line, "NG")
        _, (payload,) = ask(requests, MarkRequest(verdict.id, "good", note="反光"))
        line.process.kill()
        assert line.wait()[0] == -signal.SIGKILL
        told = decode(payload)
        assert isinstance(told, VerdictMark)
        assert (told.number, told.epoch) == (0, verdict.epoch)
        marked.append(verdict.id)
        assert history.marks(marked)[verdict.id] == told
        assert len(list(history.select(Wanted(marked=True)))) == len(marked)
    line = start_line(line_file, feed)
    _, requests = first_verdict(line, "NG")
    begin, _ = ask(requests, ReplayRequest("mark/steel/belt"))
    assert isinstance(begin, ReplayAnswer)
    _, (replayed,) = ask(requests, ReplayRequest("mark/steel/belt", begin.next))
    assert decode(replayed) == history.marks(marked)[marked[0]]
    ask(requests, MarkRequest(marked[0], None))
    assert sorted(history.marks(marked)) == sorted(marked[1:])
    code, log = line.end(signal.SIGTERM)
    assert code == 0, log
