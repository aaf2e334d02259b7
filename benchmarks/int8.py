"""How much faster a bundle's int8 graph is than the float graph of the same student, in ONNX Runtime on one thread.

    python -m benchmarks.int8 --bundle bundles/neu

Both graphs take a golden frame in turn within one run, several times over; other work on the machine slows both alike,
so the ratio is what counts. Prints the median ratio of the runs, the least and the most.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

from rich.console import Console

from compress.judge.measure import graph_run, latencies_ms
from edge.bundle.load import Bundle, load_bundle
from edge.engines.golden import golden_frames
from edge.errors import EdgevlError

_FLOAT, _INT8 = "float32", "int8"


def ratios(bundle: Bundle, runs: int, rounds: int) -> list[tuple[float, float]]:
    """(float ms, int8 ms) per frame of each run; medians of `rounds` rounds."""
    frame_NHWC = golden_frames(bundle)[:1]
    graphs = {name: graph_run(bundle.file(bundle.manifest.variant(name).file), frame_NHWC) for name in (_FLOAT, _INT8)}
    found = [latencies_ms(graphs, rounds) for _ in range(runs)]
    return [(ms[_FLOAT], ms[_INT8]) for ms in found]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.int8", description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=100)
    chosen = parser.parse_args(arguments)
    console = Console(highlight=False)
    try:
        found = ratios(load_bundle(chosen.bundle), max(1, chosen.runs), max(1, chosen.rounds))
    except EdgevlError as error:
        console.print(str(error), markup=False)
        return error.exit_code
    times = [one / other for one, other in found]
    float_ms, int8_ms = (statistics.median(column) for column in zip(*found, strict=True))
    console.print(
        f"float {float_ms:.2f} ms, int8 {int8_ms:.2f} ms: {statistics.median(times):.2f} times as fast"
        f" (least {min(times):.2f}, most {max(times):.2f} of {len(times)} runs)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
