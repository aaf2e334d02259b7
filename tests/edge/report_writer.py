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
from edge.questions.answered import Answered
from edge.reports.child import main
from edge.reports.handover import Ask, Asked, Open, Written

CRASHES, FAILS = 251, 252


class Slow:
    """An office that takes its time."""

    def __init__(self, wish: Open) -> None:
        self._wish = wish

    def write(self, image_HWC: NDArray[np.uint8], verdict: Verdict) -> Written:
        wish = self._wish
        time.sleep(float(wish.bundles[0]))
        region = verdict.region
        brightness = int(image_HWC[region.y : region.y + region.h, region.x : region.x + region.w].max())
        if brightness == CRASHES:
            os.kill(os.getpid(), signal.SIGSEGV)
        if brightness == FAILS:
            raise EdgevlError("it cannot be described")
        text = f"{verdict.status} {verdict.number}, brightness {brightness}, nice {os.nice(0)}"
        return Written(None, dict.fromkeys(wish.languages, text), {}, 0, 0.0)

    def ask(self, question: Ask) -> Asked:
        time.sleep(float(self._wish.bundles[0]))
        answer = Answered(question.text, f"{question.verdict.status} as before", told=True)
        return Asked(question.session, (answer,))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Slow)
