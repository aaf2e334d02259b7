"""Pictures of several cameras judged at once: fairly, within a bound, and with the same answers."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bench.framelist import FrameList
from edge.bundle.load import load_bundle
from edge.engines.batch import worthwhile_batch
from edge.engines.choose import open_engine
from edge.engines.engine import Engine, Outputs
from edge.engines.ort import OrtEngine
from edge.errors import EngineError
from edge.line.channel import Channel, ChannelClosedError, Lane
from edge.line.plan import CameraPlan
from edge.messages import Verdict
from tests.bundles import flat
from tests.edge.lines import built_line


class Counting:
    """Passes on to a real engine, and remembers how many pictures came at once; each call takes `call_ms` more."""

    def __init__(self, engine: Engine, call_ms: float = 0.0, most: int = 64) -> None:
        self._engine = engine
        self._call_s = call_ms / 1e3
        self._most = most
        self.sizes: list[int] = []

    @property
    def description(self) -> str:
        return self._engine.description

    def run(self, image_NHWC: NDArray[np.uint8]) -> Outputs:
        if len(image_NHWC) > self._most:
            raise EngineError(f"its profile ends at {self._most}")
        self.sizes.append(len(image_NHWC))
        time.sleep(self._call_s)
        return self._engine.run(image_NHWC)

    def close(self) -> None:
        self._engine.close()


def test_a_batch_takes_from_every_lane_in_turn() -> None:
    """A camera with many pictures does not crowd out one with few; what is left keeps its order."""
    channel: Channel[str, str] = Channel({name: Lane(9, "wait") for name in "abc"})
    for item in ("a1", "a2", "a3", "a4", "b1", "c1", "c2"):
        channel.put(item[0], item)
    assert channel.take_some(5, 0.0) == ["a1", "b1", "c1", "a2", "c2"]
    assert channel.take_some(5, 0.01) == ["a3", "a4"]
    channel.close()
    with pytest.raises(ChannelClosedError):
        channel.take_some(5, 0.0)


def test_what_waits_together_is_judged_together(small_bundle: Path, tmp_path: Path) -> None:
    """Three cameras, an engine that takes four at once: same verdicts as one by one, numbers without a gap."""
    levels = {"left": 0, "middle": 128, "right": 255}
    cameras = [CameraPlan(FrameList(n, [flat(v)] * 40), waits=True, check_quality=False) for n, v in levels.items()]
    engines: list[Counting] = []

    def around(engine: Engine) -> Engine:
        engines.append(Counting(engine, call_ms=2))
        return engines[-1]

    with built_line(small_bundle, tmp_path, cameras, around=around, batch=4) as bench:
        bench.line.start()
        assert bench.line.wait(30)
        summary = bench.line.stop()
        verdicts = [m for m in bench.messages() if isinstance(m, Verdict)]
    assert max(engines[0].sizes) == 4
    assert len(engines[0].sizes) < 90
    names = {"left": "black", "middle": "grey", "right": "white"}
    assert {(v.camera, v.class_name) for v in verdicts} == set(names.items())
    for camera in names:
        assert [v.number for v in verdicts if v.camera == camera] == list(range(40))
        assert summary.accounts[camera].verdicts == summary.accounts[camera].triggers == 40


def test_the_batch_is_the_smallest_that_is_worth_it(small_bundle: Path) -> None:
    """Where a call costs far more than a picture, two at once are worth it; where only pictures cost, none is."""
    engine = OrtEngine(load_bundle(small_bundle), "float32", threads=1)
    size, why = worthwhile_batch(Counting(engine, call_ms=3), flat(0))
    assert (size, "up to 2 pictures at once" in why) == (2, True)
    assert worthwhile_batch(Counting(engine, call_ms=3, most=1), flat(0))[0] == 1
    size, why = worthwhile_batch(Counting(_Slow(engine)), flat(0))
    assert (size, "batches gain too little here" in why) == (1, True)
    engine.close()


def test_an_engine_says_how_many_pictures_it_takes_at_once(small_bundle: Path) -> None:
    """As asked for, or measured and told with the reason."""
    bundle = load_bundle(small_bundle)
    asked = open_engine(bundle, threads=1, batch=3)
    measured = open_engine(bundle, threads=1, batch=0)
    assert asked.batch == 3
    assert measured.batch in (1, 2, 4, 8)
    assert "a picture alone" in measured.why
    for opened in (asked, measured):
        opened.engine.close()


class _Slow:
    """Takes its time for every picture, as an engine that gains nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.description = engine.description

    def run(self, image_NHWC: NDArray[np.uint8]) -> Outputs:
        time.sleep(0.002 * len(image_NHWC))
        return self._engine.run(image_NHWC)

    def close(self) -> None:
        self._engine.close()
