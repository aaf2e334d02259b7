"""The examples in docs/feed are run as they stand, against a real feed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.client import write_position
from edge.requests.messages import Mark
from tests.edge.desks import talking

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs/feed/examples"
TOPIC = "verdict/steel/belt"


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def lines_of(process: subprocess.Popen[str], number: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().rstrip("\n") for _ in range(number)]


def test_the_python_example_follows(tmp_path: Path) -> None:
    """From its position on, what was lost included, with its account."""
    place = tmp_path / "position.json"
    write_position(place, {TOPIC: Mark("e1", 0)})
    with talking(tmp_path / "data", "e1") as line:
        line.mute(0, 3)
        command = [sys.executable, str(EXAMPLES / "follow.py"), line.publisher.address, str(place)]
        with running(["env", f"PYTHONPATH={ROOT}", *command], tmp_path) as process:
            # It connects when it is ready; the heartbeat then tells it where to ask.
            while place.read_bytes() == b'{"verdict/steel/belt":{"epoch":"e1","number":0}}' and process.poll() is None:
                line.beat()
            assert [text.split()[0] for text in lines_of(process, 3)] == ["e1-belt-0", "e1-belt-1", "e1-belt-2"]


def node_modules() -> Path:
    """Where Node.js keeps the zeromq package, for everybody."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("this machine has no Node.js with npm")
    found = subprocess.run(["npm", "root", "-g"], capture_output=True, text=True, check=True).stdout.strip()
    if not Path(found, "zeromq").is_dir():
        pytest.skip("the Node.js of this machine has no global zeromq package")
    return Path(found)


def test_the_javascript_example_repairs_gaps(tmp_path: Path) -> None:
    """A consumer of thirty lines without edgevl: what was lost in the middle, and at the end."""
    (tmp_path / "node_modules").symlink_to(node_modules())
    script = shutil.copy(EXAMPLES / "follow.mjs", tmp_path)
    with talking(tmp_path / "data", "e1") as line:
        line.say(0)
        command = ["node", str(script), line.publisher.address, line.server.address, TOPIC]
        with running(command, tmp_path) as process:
            assert lines_of(process, 1) == ["following"]
            line.mute(1, 600)
            line.say(601)
            line.mute(602)
            line.beat()
            line.mute(603)
            # Its subscription may come into force a moment after its snapshot.
            for _ in range(10):
                line.beat()
                time.sleep(0.1)
            assert lines_of(process, 603) == [f"e1-belt-{number} OK" for number in range(1, 604)]
