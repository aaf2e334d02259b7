"""The service killed at random moments under load: nothing published is lost or doubled, nothing stays behind.

`EDGEVL_KILLS=200 pytest tests/e2e/test_kill_9.py` kills more often.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import psutil
import pytest

from edge.history import History, Wanted
from edge.messages import Verdict
from edge.store import StoreLimits, open_store
from edge.subscribe import Received
from tests.bundles import make_bundle
from tests.e2e.line_process import LineProcess, free_address, start_line, write_line

KILLS = int(os.environ.get("EDGEVL_KILLS", "10"))
CAMERAS = {
    "left": "pattern:?fps=40&size=160x120",
    "right": "pattern:?fps=40&size=160x120&seed=5",
}


def heard_until_killed(line: LineProcess, moment_s: float) -> tuple[list[Verdict], list[psutil.Process]]:
    """Listen from the first verdict for `moment_s`, kill, and hear what is still under way; the children there were."""
    heard: list[Verdict] = []
    children: list[psutil.Process] = []
    received: Received | None = None
    with line.reader() as reader:
        kill_at, give_up_at, killed = float("inf"), time.monotonic() + 60, False
        while not killed or received is not None:
            received = reader.receive(0.3 if killed else 0.005)
            if received is not None and isinstance(received[0], Verdict):
                heard.append(received[0])
                kill_at = min(kill_at, time.monotonic() + moment_s)
            assert heard or time.monotonic() < give_up_at, "the line did not start"
            if not killed and time.monotonic() >= kill_at:
                children = psutil.Process(line.process.pid).children(recursive=True)
                line.process.kill()
                killed, received = True, (heard[-1], None)
    return heard, children


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_kill_9_at_random_moments(tmp_path: Path) -> None:
    """All that was heard as stored is in the store, once; it opens; no process is left."""
    bundle = make_bundle(tmp_path / "bundle").path
    feed = free_address()
    line_file = write_line(tmp_path, bundle, feed, CAMERAS, each_camera="isolate = true")
    draw = random.Random(KILLS)
    heard: list[Verdict] = []
    said: list[str] = []
    for _ in range(KILLS):
        line = start_line(line_file, feed)
        new, children = heard_until_killed(line, draw.uniform(0.0, 1.0))
        code, _ = line.wait()
        assert code == -signal.SIGKILL
        assert len(children) >= len(CAMERAS)
        assert psutil.wait_procs(children, timeout=20)[1] == []
        heard += new
        with open_store(tmp_path / "data", StoreLimits(), said.append):
            stored = [kept.verdict for kept in History(tmp_path / "data").select(Wanted())]
        places = [(v.topic, v.epoch, v.number) for v in stored]
        assert len(set(places)) == len(places)
        assert {v.id for v in heard if v.stored} <= {v.id for v in stored}
    assert said == []
    assert len({(v.topic, v.epoch, v.number) for v in heard}) == len(heard)
