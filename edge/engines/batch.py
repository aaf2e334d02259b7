"""Does an engine gain by getting several pictures at once? Measured on the machine at hand, when it is opened."""

from __future__ import annotations

import statistics
import time

import numpy as np
from numpy.typing import NDArray

from edge.engines.engine import Engine
from edge.errors import EngineError

_SIZES = (2, 4, 8)
# A batch makes every picture wait for the others, so it must be worth it: so much less time a picture than one alone.
_WORTH = 0.8
_ROUNDS = 5
_LONGEST_S = 0.1


def worthwhile_batch(engine: Engine, image_HWC: NDArray[np.uint8]) -> tuple[int, str]:
    """The smallest batch that takes clearly less time a picture, else 1; and a clause that says why.

    Sizes are timed in turn, round after round, so that whatever else the machine does hits all alike. An engine that
    refuses a size, or is slow at it, does not get it.
    """
    batches = {size: np.repeat(image_HWC[None], size, axis=0) for size in (1, *_SIZES)}
    times: dict[int, list[float]] = {size: [] for size in batches}
    for _ in range(_ROUNDS):
        for size in sorted(times):
            seconds = seconds_of(engine, batches[size])
            if seconds is None or (seconds > _LONGEST_S and size > 1):
                times = {known: taken for known, taken in times.items() if known < size}
                break
            times[size].append(seconds / size)
    ms = {size: statistics.median(taken) * 1e3 for size, taken in times.items() if taken}
    gains = [size for size in _SIZES if size in ms and ms[size] <= _WORTH * ms[1]]
    tried = ", ".join(f"{size} at once {value:.2f} ms" for size, value in ms.items() if size > 1)
    if not tried:
        return 1, "pictures go one by one, for it takes no batches"
    if not gains:
        return 1, f"pictures go one by one, for batches gain too little here (a picture alone {ms[1]:.2f} ms, {tried})"
    return gains[0], f"up to {gains[0]} pictures at once (a picture alone {ms[1]:.2f} ms, {tried})"


def seconds_of(engine: Engine, image_NHWC: NDArray[np.uint8]) -> float | None:
    """How long a batch took; None where the engine refuses it."""
    begin = time.perf_counter()
    try:
        engine.run(image_NHWC)
    except EngineError:
        return None
    return time.perf_counter() - begin
