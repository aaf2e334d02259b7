"""The service killed at random moments under load: nothing published is lost or doubled, nothing stays behind.

`EDGEVL_KILLS=200 pytest tests/e2e/test_kill_9.py` kills more often.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from edge.feed.subscribe import Received
from edge.messages import Verdict
from edge.store.database import DATABASE, PICTURES
from edge.store.history import History
from edge.store.opening import open_store
from edge.store.store import StoreLimits
from edge.store.wanted import Wanted
from tests.bundles import WITHOUT_GOOD, make_bundle
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


def kept_pictures(data_dir: Path) -> set[str]:
    """What the rows name as kept; each is there with its map, and nothing else is."""
    with closing(sqlite3.connect(data_dir / DATABASE)) as connection:
        rows = connection.execute("SELECT picture FROM verdicts WHERE picture IS NOT NULL").fetchall()
    named = {str(name) for (name,) in rows}
    there = {file.relative_to(data_dir / PICTURES).as_posix() for file in (data_dir / PICTURES).glob("*/*")}
    assert there == named | {name.removesuffix(".jpg") + ".png" for name in named}
    return named


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_kill_9_at_random_moments(tmp_path: Path) -> None:
    """All that was heard as stored is in the store, once; it opens; no process is left, no picture and no map."""
    bundle = make_bundle(tmp_path / "bundle", WITHOUT_GOOD).path  # whose every part is kept with picture and map
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
            pictures = kept_pictures(tmp_path / "data")
        places = [(v.topic, v.epoch, v.number) for v in stored]
        assert len(set(places)) == len(places)
        assert {v.id for v in heard if v.stored} <= {v.id for v in stored}
    assert pictures
    assert said == []
    assert len({(v.topic, v.epoch, v.number) for v in heard}) == len(heard)
