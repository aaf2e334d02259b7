"""An engine that fails or hangs while the line runs: the next one takes over, and verdicts keep coming."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from camera.frame import Frame
from edge.bench.framelist import FrameList
from edge.bundle.load import load_bundle
from edge.engines.choose import OpenedEngine, open_engine
from edge.engines.engine import Engine
from edge.engines.fallback import FallbackEngine
from edge.engines.ort import OrtEngine
from edge.errors import EngineError
from edge.line.plan import CameraPlan
from edge.messages import LineReport, Message, Note, Verdict
from tests.bundles import flat
from tests.edge.held_engine import HeldEngine
from tests.edge.lines import Bench, built_line

WHITE = flat(255, 64)
INPUT = flat(255)[None]


class Paced(FrameList):
    """Holds each picture but the first back until the test asks for it."""

    def __init__(self, name: str, number: int) -> None:
        super().__init__(name, [WHITE] * number)
        self.wanted = threading.Semaphore(1)

    def read(self, timeout_s: float) -> Frame:
        assert self.wanted.acquire(timeout=30)
        return super().read(timeout_s)


def next_verdict(bench: Bench) -> Verdict:
    while not isinstance(message := next_message(bench), Verdict):
        pass
    return message


def next_message(bench: Bench) -> Message:
    received = bench.reader.receive(30)
    assert received is not None
    return received[0]


def falling_back(bundle_path: Path, first: Engine, said: list[str]) -> tuple[FallbackEngine, threading.Event]:
    """`first` counts as the int8 one; the event is set once another engine has taken over."""
    bundle = load_bundle(bundle_path)
    engine = FallbackEngine(
        OpenedEngine(first, "int8", "for a test", "int8 on CPU"),
        lambda without: open_engine(bundle, threads=1, without=without),
        said.append,
    )
    changed = threading.Event()
    engine.on_change(lambda _: changed.set())
    return engine, changed


def test_when_an_engine_fails_the_next_one_takes_over_and_it_is_said(small_bundle: Path) -> None:
    """The picture that broke it is an error; then float32 answers, and the sentence names what was left out."""
    said: list[str] = []
    broken = OrtEngine(load_bundle(small_bundle), "int8", threads=1)
    engine, changed = falling_back(small_bundle, broken, said)
    broken.close()
    with pytest.raises(EngineError, match="closed"):
        engine.run(INPUT)
    assert changed.wait(30)
    assert engine.run(INPUT).prob_NK.argmax() == 2
    assert "float32" in engine.description
    assert "parts stay UNDECIDED until" in said[0]
    assert "goes on with" in said[1]
    assert "restart the line to use int8 on CPU again" in said[1]
    engine.close()


def test_when_all_engines_have_failed_all_are_tried_again_and_that_is_said(small_bundle: Path) -> None:
    """A fault that passes does not end the line."""
    bundle = load_bundle(small_bundle)
    said: list[str] = []
    first = OrtEngine(bundle, "int8", threads=1)
    engine = FallbackEngine(
        OpenedEngine(first, "int8", "for a test", "int8 on CPU"),
        lambda without: open_engine(bundle, "int8", 1, without=without),
        said.append,
    )
    changed = threading.Event()
    engine.on_change(lambda _: changed.set())
    first.close()
    with pytest.raises(EngineError):
        engine.run(INPUT)
    assert changed.wait(30)
    assert engine.run(INPUT).prob_NK.argmax() == 2
    assert any("every engine is tried again" in sentence for sentence in said)
    engine.close()


def test_a_hung_engine_is_left_and_the_line_goes_on_with_the_next(small_bundle: Path, tmp_path: Path) -> None:
    """Without any deadline: the part inside is UNDECIDED(engine_failed), the next is judged by the other engine."""
    held: list[HeldEngine] = []
    engines: list[tuple[FallbackEngine, threading.Event]] = []
    said: list[str] = []

    def around(engine: Engine) -> Engine:
        held.append(HeldEngine(engine))
        engines.append(falling_back(small_bundle, held[0], said))
        return engines[0][0]

    source = Paced("belt", 3)
    with built_line(small_bundle, tmp_path, [CameraPlan(source)], around=around, hang_s=0.2) as bench:
        taken_over = threading.Event()
        bench.line.start()
        engines[0][0].on_change(lambda _: taken_over.set())
        left = next_verdict(bench)
        assert taken_over.wait(30)
        source.wanted.release()
        judged = next_verdict(bench)
        held[0].free.set()
        while not isinstance(note := next_message(bench), Note):
            pass
        source.wanted.release(2)
        assert bench.line.wait(30)
        summary = bench.line.stop()
    engines[0][0].close()
    assert (left.status, left.reason) == ("UNDECIDED", "engine_failed")
    assert (judged.status, "float32" in judged.engine) == ("NG", True)
    assert (note.verdict, note.status, "int8" in note.engine) == (left.id, "NG", True)
    account = summary.accounts["belt"]
    assert (account.triggers, account.verdicts, account.in_flight, account.unaccounted) == (3, 3, 0, 0)


def test_the_heartbeat_names_the_engine_that_took_over(small_bundle: Path, tmp_path: Path) -> None:
    """Who reads the line reports learns of the change, and verdicts name the engine that judged."""
    said: list[str] = []

    def around(engine: Engine) -> Engine:
        engine.close()
        return falling_back(small_bundle, engine, said)[0]

    source = Paced("belt", 2)
    with built_line(small_bundle, tmp_path, [CameraPlan(source)], around=around) as bench:
        bench.line.start()
        broken = next_verdict(bench)
        while not any("goes on with" in sentence for sentence in said):
            bench.reader.receive(0.1)
        source.wanted.release(2)
        judged = next_verdict(bench)
        assert bench.line.wait(30)
        bench.line.stop()
        reports = [m for m in bench.messages() if isinstance(m, LineReport)]
    assert (broken.reason, judged.status) == ("engine_failed", "NG")
    assert judged.engine == reports[-1].engine
    assert "float32" in judged.engine
