"""A verdict that another program asks for, from the request socket to the feed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from camera.pattern import PatternSource, pattern_options
from edge.client import ask
from edge.line.plan import CameraPlan
from edge.messages import Verdict
from edge.requests.desk import Desk
from edge.requests.messages import PicturesRequest, TriggerRequest
from edge.requests.replay import Replay
from edge.requests.socket import RequestServer
from tests.bundles import make_bundle
from tests.edge.lines import built_line


def test_a_trigger_from_outside_gets_its_verdict_by_name(tmp_path: Path) -> None:
    """Asked for over the socket; the verdict on the feed says which request it answers, and pictures come on demand."""
    camera = CameraPlan(PatternSource("belt", pattern_options("?fps=30&size=160x120")), trigger="external")
    with built_line(make_bundle(tmp_path / "bundle").path, tmp_path / "data", [camera]) as bench:
        publisher = bench.publisher
        with RequestServer("tcp://127.0.0.1:*", publisher) as server:
            bench.line.start()
            open_replay = partial(Replay, bench.data_dir)
            line, choose = bench.line, bench.recipes.choose
            server.start(Desk("steel", "e1", publisher, open_replay, line.request, line.show_pictures, choose))
            for identity in ("part-1", "part-2"):
                ask(server.address, TriggerRequest("belt", identity))
            ask(server.address, PicturesRequest("belt", 120))
            answered: list[str | None] = []
            while len(answered) < 2:
                received = bench.reader.receive(20)
                assert received is not None
                if isinstance(received[0], Verdict):
                    answered.append(received[0].trigger)
            bench.line.stop()
    assert answered == ["part-1", "part-2"]
