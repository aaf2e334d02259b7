"""What the inspector needs from an engine, whatever runs the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Outputs:
    """The graph's outputs (see `edge.bundle`), all float32, in the order of `edge.engines.contract.outputs_of`.

    anomaly_N, anomaly_map_NHW: 0..1; None where the bundle has no anomaly rule.
    """

    prob_NK: NDArray[np.float32]
    embedding_ND: NDArray[np.float32]
    map_NHW: NDArray[np.float32]
    anomaly_N: NDArray[np.float32] | None = None
    anomaly_map_NHW: NDArray[np.float32] | None = None

    def arrays(self) -> tuple[NDArray[np.float32], ...]:
        """Those that are there, in order."""
        known = (self.prob_NK, self.embedding_ND, self.map_NHW)
        if self.anomaly_N is None or self.anomaly_map_NHW is None:
            return known
        return (*known, self.anomaly_N, self.anomaly_map_NHW)


def joined(parts: Sequence[Outputs]) -> Outputs:
    """The outputs of several runs of one engine as of one."""
    return Outputs(*(np.concatenate(arrays) for arrays in zip(*(part.arrays() for part in parts), strict=True)))


class Engine(Protocol):
    """Runs one variant of a bundle. Used by one thread at a time."""

    @property
    def description(self) -> str:
        """What runs where, for people and for the feed: `ONNX Runtime 1.23.2, CPU, 2 threads, int8`."""

    def run(self, image_NHWC: NDArray[np.uint8]) -> Outputs:
        """Run uint8 BGR model inputs (`edge.inspection.preprocess.model_input`). Raises EngineError."""

    def close(self) -> None:
        """Let go of memory and device. Safe to call twice."""
