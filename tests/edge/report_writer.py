"""A process that writes reports as slowly as it is told, and can be made to fail; else the real one.

`python -m tests.edge.report_writer FD PARENT`; the folder of the bundle is read as seconds a report.
"""

from __future__ import annotations

import os
import signal
import sys
import time

import numpy as np
from numpy.typing import NDArray

from edge.errors import EdgevlError
from edge.messages import Verdict
from edge.reports.child import Writes, main
from edge.reports.handover import Open, Written

CRASHES, FAILS = 251, 252


def opened(wish: Open) -> Writes:
    def write(image_HWC: NDArray[np.uint8], verdict: Verdict) -> Written:
        time.sleep(float(wish.bundle))
        region = verdict.region
        brightness = int(image_HWC[region.y : region.y + region.h, region.x : region.x + region.w].max())
        if brightness == CRASHES:
            os.kill(os.getpid(), signal.SIGSEGV)
        if brightness == FAILS:
            raise EdgevlError("it cannot be described")
        text = f"{verdict.status} {verdict.number}, brightness {brightness}, nice {os.nice(0)}"
        return Written(dict.fromkeys(wish.languages, text), {}, 0, 0.0)

    return write


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), opened)
