"""Run pictures from memory through the real line, with real disk and feed, and say how it went or what it said."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.bench.framelist import FrameList
from edge.bundle.load import Bundle
from edge.engines.choose import OpenedEngine, open_engine
from edge.feed.publisher import Numbers, Publisher, new_epoch
from edge.inspection.inspector import Inspector
from edge.line.heartbeat import line_facts
from edge.line.pictures import PicturePlan
from edge.line.plan import CameraPlan
from edge.line.recipes import one_recipe
from edge.messages import Verdict
from edge.runtime import Line, Outlets, Summary
from edge.store.database import PICTURES
from edge.store.history import History
from edge.store.opening import open_store
from edge.store.store import StoreLimits
from edge.store.wanted import Wanted

_CAMERA = "memory"
_ANY_PORT = "tcp://127.0.0.1:*"


def rehearse(
    images: Sequence[NDArray[np.uint8]],
    bundle: Bundle,
    opened: OpenedEngine,
    data_dir: Path,
    say: Callable[[str], None],
) -> Summary:
    """Judge every picture (uint8 HxWx3 BGR), held back so that none is dropped, writing to `data_dir`.

    Live pictures are sent and NG pictures kept as with the line file's defaults. Raises the line's failure.
    """
    with open_store(data_dir, StoreLimits(), say) as store, Publisher(_ANY_PORT) as publisher:
        outlets = Outlets(store, publisher, PicturePlan(data_dir / PICTURES, True, 5.0, 80))
        camera = CameraPlan(FrameList(_CAMERA, images), waits=True)
        facts = line_facts("rehearsal", [bundle], opened)
        recipes = one_recipe(Inspector(bundle, opened.engine), [_CAMERA])
        line = Line(facts, [camera], recipes, outlets, Numbers(new_epoch()), say)
        line.start()
        line.wait(timeout_s=3600)
        summary = line.stop()
    if line.failure is not None:
        raise line.failure
    return summary


def verdicts_on(images: Sequence[NDArray[np.uint8]], bundle: Bundle) -> list[Verdict]:
    """What the line says of each picture, in order, by the bundle's engine on one thread. Raises as `rehearse` does."""
    opened = open_engine(bundle, threads=1)
    try:
        with tempfile.TemporaryDirectory(prefix="edgevl-rehearsal-") as folder:
            rehearse(images, bundle, opened, Path(folder), lambda _: None)
            return [stored.verdict for stored in History(Path(folder)).select(Wanted())][::-1]
    finally:
        opened.engine.close()
