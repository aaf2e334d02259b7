"""A real engine that answers only when a test lets it, as one that hangs in its driver."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from edge.engines.engine import Engine, Outputs


class HeldEngine:
    """Passes pictures on to `engine` while `free` is set. entered: set once a picture waits inside."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.entered = threading.Event()
        self.free = threading.Event()

    @property
    def description(self) -> str:
        return self._engine.description

    def run(self, image_NHWC: NDArray[np.uint8]) -> Outputs:
        self.entered.set()
        assert self.free.wait(60)
        return self._engine.run(image_NHWC)

    def close(self) -> None:
        self._engine.close()
