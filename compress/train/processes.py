"""The processes a run is spread over: one here, or as many as `accelerate launch` started on GPUs and machines."""

from __future__ import annotations

import os

import torch
from accelerate import Accelerator
from torch import Tensor

from compress.errors import TeacherError
from compress.progress import Reporter, SilentReporter
from compress.train.options import Precision

_MOST_WORKERS = 8
_NAMES = {"float32": "no", "bf16": "bf16", "fp16": "fp16"}


def open_accelerator(precision: Precision, accumulate: int) -> Accelerator:
    """Join the other processes, and choose device and precision. Raises TeacherError where it cannot be had here."""
    try:
        return Accelerator(mixed_precision=_mixed(precision), gradient_accumulation_steps=accumulate)
    except (ValueError, ImportError) as error:
        raise TeacherError(f"--precision {precision} cannot be had here ({error}); use --precision auto") from error


def reading_workers(accelerator: Accelerator) -> int:
    """How many processes should read pictures ahead: none beside a CPU that trains, its cores' share beside a GPU."""
    if accelerator.device.type == "cpu":
        return 0
    return min(_MOST_WORKERS, (os.cpu_count() or 1) // max(1, int(os.environ.get("LOCAL_WORLD_SIZE", "1"))))


def reporter_of(accelerator: Accelerator, reporter: Reporter) -> Reporter:
    """Only the main process speaks."""
    return reporter if accelerator.is_main_process else SilentReporter()


def everyones(accelerator: Accelerator, mine_ND: Tensor) -> Tensor:
    """The rows of all processes in their order, with gradients into one's own.

    Those are multiplied by the number of processes: gradients are averaged over processes afterwards, while the
    parts that rows of different processes play in one loss must be summed.
    """
    count = accelerator.num_processes
    if count == 1:
        return mine_ND
    all_ND = gathered(accelerator, mine_ND.detach())
    start = accelerator.process_index * len(mine_ND)
    own_ND = mine_ND.detach() + count * (mine_ND - mine_ND.detach())
    return torch.cat([all_ND[:start], own_ND, all_ND[start + len(mine_ND) :]])


def gathered(accelerator: Accelerator, mine: Tensor) -> Tensor:
    """The rows of all processes in their order, without gradients."""
    rows = accelerator.gather(mine)
    assert isinstance(rows, Tensor)
    return rows


def _mixed(precision: Precision) -> str:
    if precision != "auto":
        return _NAMES[precision]
    launched = os.environ.get("ACCELERATE_MIXED_PRECISION", "no")
    if launched != "no":
        return launched  # what `accelerate launch --mixed_precision` or its config file asked for
    if not torch.cuda.is_available():
        return "no"
    return "bf16" if torch.cuda.is_bf16_supported() else "fp16"
