"""What the inspector needs from an engine, whatever runs the graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Outputs:
    """The graph's three outputs (see `edge.bundle`), float32: prob_NK, embedding_ND, map_NHW (0..1)."""

    prob_NK: NDArray[np.float32]
    embedding_ND: NDArray[np.float32]
    map_NHW: NDArray[np.float32]


class Engine(Protocol):
    """Runs one variant of a bundle. Used by one thread at a time."""

    @property
    def description(self) -> str:
        """What runs where, for people and for the feed: `ONNX Runtime 1.23.2, CPU, 2 threads, int8`."""

    def run(self, image_NHWC: NDArray[np.uint8]) -> Outputs:
        """Run uint8 BGR model inputs (`edge.preprocess.model_input`). Raises EngineError."""

    def close(self) -> None:
        """Let go of memory and device. Safe to call twice."""
