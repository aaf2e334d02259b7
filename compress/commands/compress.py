"""`edgevl compress` and `edgevl demo`. Heavy imports happen inside, so that `edgevl --help` answers at once."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from compress.commands.reading import DefectsOption, FormatOption, GoodOption, GroupOption
from compress.commands.workshop import require_workshop

StudentKind = Literal["auto", "small", "medium", "large", "teacher", "first-layers"]
InputSize = Literal["auto", "S", "M", "L"]


def compress_command(
    teacher: Annotated[
        str, typer.Option(help="Hugging Face model folder (config.json, model.safetensors), or a model's name.")
    ],
    data: Annotated[Path, typer.Option(help="Folder of pictures with their labels, in any layout of docs/data.md.")],
    out: Annotated[Path, typer.Option(help="Where the bundle goes. Work is kept in OUT.work, to go on after a stop.")],
    format: FormatOption = "auto",
    group: GroupOption = None,
    defects: DefectsOption = "auto",
    good: GoodOption = [],  # noqa: B006  # typer makes a new list for each command
    duplicates: Annotated[
        Literal["warn", "group"],
        typer.Option(help="Near-duplicates: `warn` of those across splits; `group` them where splits are made here."),
    ] = "warn",
    student: Annotated[
        StudentKind,
        typer.Option(
            help="How large the student is before pruning; or the `teacher` itself, pruned; or its `first-layers` as "
            "they are. `auto` is medium, and first-layers where only good parts teach."
        ),
    ] = "auto",
    input: Annotated[
        InputSize,
        typer.Option(help="Area of the model's input: S 128x128, M 192x192, L 256x256, in the pictures' shape."),
    ] = "auto",
    steps: Annotated[int, typer.Option(min=1, help="Training steps of 32 views; more for harder data.")] = 700,
    views: Annotated[int, typer.Option(min=1, help="Augmented views shown to the teacher, over all pictures.")] = 8000,
    prune: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=0.85,
            help="Share of channels (of the teacher: heads, units) to take out, where no --latency-ms is aimed at.",
        ),
    ] = 0.2,
    max_escape: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Budget: defective parts that may pass, 0.01 is 1 %.")
    ] = None,
    max_overkill: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Budget: good parts that may be rejected, 0.01 is 1 %.")
    ] = None,
    max_drop: Annotated[
        float | None, typer.Option(min=0.0, help="Budget: macro-F1 that pruning and int8 together may cost.")
    ] = None,
    latency_ms: Annotated[
        float | None,
        typer.Option(min=0.001, help="Budget: milliseconds a frame on one thread here; pruning aims at it."),
    ] = None,
    unknown_defects: Annotated[
        bool, typer.Option("--unknown-defects", help="Also reject parts unlike good ones that no class stands for.")
    ] = False,
    explore: Annotated[
        bool,
        typer.Option("--explore", help="Try all sizes, pruned ever narrower, and go on with the best. Takes long."),
    ] = False,
    pack_anyway: Annotated[
        bool, typer.Option("--pack-anyway", help="Pack the nearest model also where it misses the budget.")
    ] = False,
    prompts: Annotated[
        Path | None,
        typer.Option(help="TOML file with sentences for each class: the teacher's opinion becomes the label."),
    ] = None,
    even_at_chance: Annotated[
        bool, typer.Option("--even-at-chance", help="With --prompts: go on where the teacher recognises nothing.")
    ] = False,
    seed: Annotated[int, typer.Option(help="The same seed on the same machine gives the same bundle.")] = 0,
) -> None:
    """Compress a vision-language model's knowledge into a small int8 bundle, with your own pictures.

    Distils the teacher into a small convolutional student, prunes and quantises it, checks that the ONNX graph
    agrees with torch, and packs a bundle for `edgevl run`. Prints what each stage cost and gained on the test split;
    the same, with pictures, is in OUT/report.html. Stop it with Ctrl-C at any time: the next start goes on.

    A budget is kept on the validation pictures, or the command ends with exit code 8, says what each stage costs and
    what is nearest, and packs nothing.

    Example:  edgevl compress --teacher models/clip --data pictures/line3 --out bundles/line3 --max-escape 0.01
    """
    command = shlex.join(["edgevl", *sys.argv[1:]])
    require_workshop()
    from compress.data.reading import Reading
    from compress.judge.point import Budget
    from compress.pipeline import compress
    from compress.progress import ConsoleReporter
    from compress.recipe import Recipe
    from compress.report.table import print_table
    from compress.teachers.prompts import read_prompts

    recipe = Recipe(
        student=None if student == "auto" else student,
        input=None if input == "auto" else input,
        views=views,
        steps=steps,
        prune_share=prune,
        budget=Budget(max_escape, max_overkill, max_drop, latency_ms),
        explore=explore,
        pack_anyway=pack_anyway,
        seed=seed,
        unknown_defects=unknown_defects,
        reading=Reading(format, defects, group, tuple(good)),
        duplicates=duplicates,
        prompts=read_prompts(prompts) if prompts else None,
        even_at_chance=even_at_chance,
    )
    console = Console()
    bundle, report = compress(teacher, data, out, recipe, ConsoleReporter(console), command)
    print_table(report, console)
    console.print(f"\nBundle {bundle.manifest.bundle_id} in {out}. Look at {out / 'report.html'}", highlight=False)


def demo_command(
    seconds: Annotated[float | None, typer.Option(help="Stop by itself after so many seconds of inspection.")] = None,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its pictures, teacher and bundle.")] = Path("demo"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the dashboard.")] = 8088,
    seed: Annotated[int, typer.Option(help="Another seed draws other parts.")] = 0,
) -> None:
    """From nothing to a running line: a simulated belt, a teacher trained on it, the whole chain, the dashboard.

    The second start finds the bundle and is inspecting within seconds. Ctrl-C ends it.
    """
    require_workshop()
    from compress.demo.run import run_demo

    run_demo(folder, seed, seconds, port, Console())
