"""`edgevl train`: fine-tunes a teacher. Heavy imports happen inside, so that `edgevl --help` answers at once."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from compress.commands.reading import DefectsOption, FormatOption, GoodOption, GroupOption
from compress.commands.workshop import require_workshop
from compress.errors import TeacherError
from edge.errors import EdgevlError

_WHICH = "Which weights train (one of three)"
_HOW = "How they train"


def train_command(
    teacher: Annotated[str, typer.Option(help="Hugging Face model folder, or a model's name.")],
    data: Annotated[Path, typer.Option(help="Folder of labelled pictures, as for `edgevl compress`.")],
    out: Annotated[
        Path, typer.Option(help="Where the trained teacher goes. Work is kept in OUT.work until it is done.")
    ],
    lora: Annotated[
        int | None, typer.Option(min=1, help="Adapters of this rank beside frozen weights.", rich_help_panel=_WHICH)
    ] = None,
    freeze: Annotated[
        bool, typer.Option("--freeze", help="Only what lies above the last block.", rich_help_panel=_WHICH)
    ] = False,
    layer_decay: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=1.0,
            help="All; each layer so many times as fast as the one above. 0.8 where none is given.",
            rich_help_panel=_WHICH,
            show_default=False,
        ),
    ] = None,
    epochs: Annotated[
        int, typer.Option(min=1, help="Passes over the training pictures, at most.", rich_help_panel=_HOW)
    ] = 10,
    patience: Annotated[
        int,
        typer.Option(min=1, help="Stop after so many epochs without a better one on validation.", rich_help_panel=_HOW),
    ] = 3,
    batch: Annotated[int, typer.Option(min=1, help="Pictures at a time, on each process.", rich_help_panel=_HOW)] = 16,
    accumulate: Annotated[
        int, typer.Option(min=1, help="Batches per update; more where memory is short.", rich_help_panel=_HOW)
    ] = 1,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            min=1e-9,
            help="Highest rate. Where none is given: 1e-4, with --lora 3e-4, with --freeze 1e-3.",
            rich_help_panel=_HOW,
            show_default=False,
        ),
    ] = None,
    weight_decay: Annotated[
        float, typer.Option(min=0.0, help="Of weights; not of norms and biases.", rich_help_panel=_HOW)
    ] = 0.05,
    dropout: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=0.9,
            help="In the class head and adapters, and where the model has a place for it.",
            rich_help_panel=_HOW,
        ),
    ] = 0.1,
    checkpointing: Annotated[
        bool, typer.Option("--checkpointing/--no-checkpointing", help="Less memory, more time.", rich_help_panel=_HOW)
    ] = False,
    precision: Annotated[
        Literal["auto", "float32", "bf16", "fp16"],
        typer.Option(help="`auto`: bf16 or fp16 on a GPU, float32 on a CPU.", rich_help_panel=_HOW),
    ] = "auto",
    folds: Annotated[
        int, typer.Option(min=0, help="Also train this often by groups, for a mean and a spread; 0 or 3 and more.")
    ] = 0,
    format: FormatOption = "auto",
    group: GroupOption = None,
    defects: DefectsOption = "auto",
    good: GoodOption = [],  # noqa: B006  # typer makes a new list for each command
    prompts: Annotated[
        Path | None,
        typer.Option(help="TOML file with your own sentences for the classes; see docs/train.md."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed on the same machine gives the same weights.")] = 0,
) -> None:
    """Fine-tune a teacher on your own pictures, and on sentences about them where it reads.

    Prints what a linear probe (and, for CLIP and its like, sentences alone) tell apart before and after, on validation
    and once on test. OUT is an ordinary Hugging Face folder: give it to `edgevl compress --teacher`. Ctrl-C loses one
    epoch at most: the next start goes on.

    Example:  edgevl train --teacher models/clip --data pictures/line3 --out models/line3

    Several GPUs or machines:  accelerate launch -m edgevl train --teacher ... (docs/train.md)
    """
    command = shlex.join(["edgevl", *sys.argv[1:]])
    _require_one(lora is not None, freeze, layer_decay is not None)
    if folds in (1, 2):
        raise TeacherError(f"--folds {folds} leaves nothing to learn from, stop by and score on; use 3 or more, or 0")
    require_workshop()
    from compress.data.reading import Reading
    from compress.progress import ConsoleReporter
    from compress.teachers.prompts import read_prompts
    from compress.train.options import Schedule, TrainOptions, Tuning
    from compress.train.run import train
    from compress.train.table import print_training

    tuning = Tuning(lora, freeze, 0.8 if layer_decay is None else layer_decay, dropout, checkpointing)
    rate = tuning.default_rate if learning_rate is None else learning_rate
    schedule = Schedule(epochs, batch, accumulate, rate, weight_decay, patience)
    options = TrainOptions(tuning, schedule, precision, folds, seed, Reading(format, defects, group, tuple(good)))
    said = None if prompts is None else read_prompts(prompts)
    console = Console()
    try:
        record = train(teacher, data, out, options, ConsoleReporter(console), said, command)
    except EdgevlError as error:
        if _is_main():
            raise
        raise typer.Exit(error.exit_code) from None  # the machine's first process says it
    if _is_main():
        print_training(record, out, console)


def _require_one(*chosen: bool) -> None:
    if sum(chosen) > 1:
        raise TeacherError("--lora, --freeze and --layer-decay each say which weights train; give one of them")


def _is_main() -> bool:
    return os.environ.get("LOCAL_RANK", "0") == "0"
