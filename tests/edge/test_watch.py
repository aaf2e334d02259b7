"""The feed in a terminal."""

from __future__ import annotations

import io
import threading
from pathlib import Path

from rich.console import Console

from edge.client.watch import watch
from tests.edge.desks import talking
from tests.edge.feed_double import DOUBTFUL, GOOD, SCRATCHED


def test_each_verdict_is_a_line(tmp_path: Path) -> None:
    """Status, class, probability and boxes of what is published while one watches, and that none is missing."""
    output = io.StringIO()
    stop = threading.Event()

    def publish() -> None:
        number = 0
        while not stop.wait(0.02):
            line.say(number, part=SCRATCHED if number % 4 else DOUBTFUL)
            line.mute(number + 1, part=GOOD)
            line.beat()
            line.publisher.publish("verdict/rubbish", b"rubbish")
            number += 2

    with talking(tmp_path, "e1") as line:
        thread = threading.Thread(target=publish)
        thread.start()
        watch(line.publisher.address, Console(file=output, width=160), seconds=2.5)
        stop.set()
        thread.join()
    text = output.getvalue()
    assert "NG        scratch 0.97, 1 box, 10.5 ms" in text
    assert "UNDECIDED stain 0.41, 10.5 ms" in text
    assert "verdicts: 0 missing of" in text


def test_silence_says_what_to_check() -> None:
    """After three seconds without anything: the address, the service, the line file."""
    output = io.StringIO()
    watch("tcp://127.0.0.1:1", Console(file=output, width=200), seconds=3.6)
    assert "nothing from tcp://127.0.0.1:1" in output.getvalue()
    assert "`bind` of [feed]" in output.getvalue()
