"""The feed in a terminal."""

from __future__ import annotations

import io
import threading

from rich.console import Console

from edge.feed import Publisher
from edge.messages import encode
from edge.watch import watch
from tests.edge.feed_double import DOUBTFUL, SCRATCHED, Origin, verdict_of


def test_each_verdict_is_a_line() -> None:
    """Status, class, probability and boxes of what is published while one watches."""
    output = io.StringIO()
    stop = threading.Event()

    def publish() -> None:
        number = 0
        while not stop.wait(0.02):
            part = SCRATCHED if number % 2 else DOUBTFUL
            verdict = verdict_of(part, Origin(number=number), (800, 600))
            publisher.publish(verdict.topic, encode(verdict))
            publisher.publish("rubbish", b"rubbish")
            number += 1

    with Publisher("tcp://127.0.0.1:*") as publisher:
        thread = threading.Thread(target=publish)
        thread.start()
        watch(publisher.address, Console(file=output, width=160), seconds=1.5)
        stop.set()
        thread.join()
    text = output.getvalue()
    assert "NG        scratch 0.97, 1 box, 10.5 ms" in text
    assert "UNDECIDED stain 0.41, 10.5 ms" in text


def test_silence_says_what_to_check() -> None:
    """After three seconds without anything: the address, the service, the line file."""
    output = io.StringIO()
    watch("tcp://127.0.0.1:1", Console(file=output, width=200), seconds=3.6)
    assert "nothing from tcp://127.0.0.1:1" in output.getvalue()
    assert "`bind` of [feed]" in output.getvalue()
