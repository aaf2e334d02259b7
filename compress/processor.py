"""Which processor torch works on: a CUDA GPU where there is one, else the CPU.

A GPU that is too small, too old or taken fails in the middle of the work; then the CPU does all of it, and it is said.
CUDA_VISIBLE_DEVICES="" keeps a run off the GPU.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

from compress.progress import Reporter

T = TypeVar("T")
CPU = torch.device("cpu")


def best_device() -> torch.device:
    return torch.device("cuda") if torch.cuda.is_available() else CPU


def on_best_device(work: Callable[[torch.device], T], reporter: Reporter) -> T:
    """What `work` gives on the GPU where that can do it, else on the CPU. It must leave nothing half done."""
    device = best_device()
    if device == CPU:
        return work(CPU)
    try:
        return work(device)
    except (RuntimeError, NotImplementedError) as error:  # torch's words for all that a GPU cannot do
        first = str(error).partition("\n")[0]
        reporter.say(f"the GPU cannot do this ({first}); the CPU does it, which takes longer")
        return work(CPU)
