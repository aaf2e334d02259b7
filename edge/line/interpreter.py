"""What a line at work asks of its process as a whole, and gives back when it stops."""

from __future__ import annotations

import gc
import sys

import cv2

# How long one thread may keep the interpreter while another wants it. Python's 5 ms is as long as an inspection.
_SWITCH_S = 0.0005

# OpenCV wakes and spins a pool of its own for pictures that one thread finishes sooner; the line has its own threads.
_OPENCV_THREADS = 1


class SteadyInterpreter:
    """`begin` when the threads are about to start, `end` when they are gone. Both from the same thread, once each."""

    def __init__(self) -> None:
        self._interval_s = sys.getswitchinterval()
        self._opencv_threads = cv2.getNumThreads()

    def begin(self) -> None:
        """Takes some 20 ms: the last full look of the garbage collector at what was loaded before."""
        # While the line runs such a look would hold up a verdict for as long as twenty inspections take. What is
        # frozen is not looked at again; what the line makes from here on is collected as ever.
        gc.collect()
        gc.freeze()
        sys.setswitchinterval(_SWITCH_S)
        cv2.setNumThreads(_OPENCV_THREADS)

    def end(self) -> None:
        sys.setswitchinterval(self._interval_s)
        cv2.setNumThreads(self._opencv_threads)
        gc.unfreeze()
