"""Threads that give way: what is not the verdict path must not hold a core that the verdict path wants."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

# As `nice`: 19 gives way most. Not more, for whoever has the interpreter must get on with it.
_NICE = 10


def give_way() -> None:
    """Let the other threads of this machine go first, from now on. For the thread that calls it; on Linux only.

    Elsewhere the priority is the process's. A thread that is preempted keeps the interpreter only where it runs Python:
    to encode a JPEG, which takes the time, it has let go of it.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # a container may forbid it, and the line runs without
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
