"""How narrow a student must be to meet a latency, found by measuring exported graphs on this machine.

Multiply-adds say little about milliseconds: kernels have favourite widths, and small layers cost more than their
share. So candidates are exported and run. Their weights do not matter to the clock; nothing has to be trained.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from compress.data.pictures import Pictures
from compress.int8.quantise import quantise
from compress.judge.measure import graph_run, latencies_ms
from compress.students.export import export
from compress.students.student_model import AnyStudent

_MARGIN = 0.95  # aimed below the limit: the machine is noisy, and the shipped graph is measured again
_HALVINGS = 6
_MOST = 0.85  # share of channels; beyond it hardly a layer keeps more than eight
_STEP = 0.25  # share of channels that one round of pruning may take and recovery still make good

Thinned = Callable[[float], AnyStudent]  # the student with a share of its channels gone


@dataclass(frozen=True, slots=True)
class Aim:
    """The share of channels to take out, the share that is gone after each round, and what was measured on the way.

    measured: (share, milliseconds) of each candidate, in the order they were tried.
    """

    ratio: float
    rounds: tuple[float, ...]
    measured: tuple[tuple[float, float], ...] = ()


def aim_at_share(ratio: float) -> Aim:
    """Take out a given share of the channels, in rounds."""
    count = ceil(round(ratio / _STEP, 6))
    return Aim(ratio, tuple(ratio * number / count for number in range(1, count + 1)))


def aim_at_latency(thinned: Thinned, latency_ms: float, calibration: Pictures) -> Aim:
    """The smallest share whose graph, in float or in int8, runs within the latency; the largest share if none does.

    By bisection on graphs whose weights mean nothing, one thread. calibration: a few training pictures, for int8.
    """
    low, high = 0.0, _MOST
    measured = [(0.0, latency_of(thinned(0.0), calibration))]
    if measured[0][1] <= latency_ms * _MARGIN:
        return Aim(0.0, (), tuple(measured))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        measured.append((middle, latency_of(thinned(middle), calibration)))
        low, high = (low, middle) if measured[-1][1] <= latency_ms * _MARGIN else (middle, high)
    return Aim(high, aim_at_share(high).rounds, tuple(measured))


def latency_of(student: AnyStudent, calibration: Pictures) -> float:
    """Milliseconds per frame of the faster of the float and the int8 graph of such a student."""
    with tempfile.TemporaryDirectory() as folder:
        floating, int8 = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        export(student.eval(), 1.0, floating)
        one = calibration.image_NHWC[:1]
        quantise(floating, int8, calibration, one, choose=student.int8_layers)
        return min(latencies_ms({"float": graph_run(floating, one), "int8": graph_run(int8, one)}).values())
