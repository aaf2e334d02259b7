"""How narrow a student must be to meet a latency, found by measuring exported graphs on this machine.

Multiply-adds say little about milliseconds: kernels have favourite widths, and small layers cost more than their
share. So candidates are exported and run. Their weights do not matter to the clock; nothing has to be trained.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from compress.export import export
from compress.measure import graph_run, latencies_ms
from compress.pictures import Pictures
from compress.prune import thinned
from compress.quantise import quantise
from compress.student import Student, StudentConfig

_MARGIN = 0.95  # aimed below the limit: the machine is noisy, and the shipped graph is measured again
_HALVINGS = 6
_MOST = 0.85  # share of channels; beyond it hardly a layer keeps more than eight
_STEP = 0.25  # share of channels that one round of pruning may take and recovery still make good


@dataclass(frozen=True, slots=True)
class Aim:
    """The share of channels to take out, the student's shape after each round, and what was measured on the way.

    measured: (share, milliseconds) of each candidate, in the order they were tried.
    """

    ratio: float
    rounds: tuple[StudentConfig, ...]
    measured: tuple[tuple[float, float], ...] = ()


def aim_at_share(config: StudentConfig, ratio: float) -> Aim:
    """Take out a given share of the channels, in rounds."""
    count = ceil(round(ratio / _STEP, 6))
    rounds = [thinned(config, ratio * number / count) for number in range(1, count + 1)]
    return Aim(ratio, tuple(shape for shape in rounds if shape != config))


def aim_at_latency(config: StudentConfig, latency_ms: float, calibration: Pictures) -> Aim:
    """The smallest share whose graph, in float or in int8, runs within the latency; the largest share if none does.

    By bisection on graphs with untrained weights, one thread. calibration: a few training pictures, for int8.
    """
    low, high = 0.0, _MOST
    measured = [(0.0, latency_of(config, calibration))]
    if measured[0][1] <= latency_ms * _MARGIN:
        return Aim(0.0, (), tuple(measured))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        measured.append((middle, latency_of(thinned(config, middle), calibration)))
        low, high = (low, middle) if measured[-1][1] <= latency_ms * _MARGIN else (middle, high)
    found = aim_at_share(config, high)
    return Aim(high, found.rounds, tuple(measured))


def latency_of(config: StudentConfig, calibration: Pictures) -> float:
    """Milliseconds per frame of the faster of the float and the int8 graph of such a student."""
    with tempfile.TemporaryDirectory() as folder:
        floating, int8 = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        export(Student(config).eval(), 1.0, floating)
        one = calibration.image_NHWC[:1]
        quantise(floating, int8, calibration, one)
        return min(latencies_ms({"float": graph_run(floating, one), "int8": graph_run(int8, one)}).values())
