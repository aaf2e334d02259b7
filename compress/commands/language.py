"""`edgevl language`: a bundle learns to write about the parts it judges."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from compress.commands.reading import DefectsOption, FormatOption, GoodOption, GroupOption
from compress.commands.workshop import require_workshop


def language_command(
    bundle: Annotated[Path, typer.Argument(help="The bundle, as `edgevl compress` made it. It is not changed.")],
    data: Annotated[Path, typer.Option(help="The pictures it was made from; captions are learnt from too.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Where the new bundle goes; BUNDLE-language without it. Work is kept in OUT.work."),
    ] = None,
    describer: Annotated[
        str | None,
        typer.Option(help="Folder or name of a Hugging Face image-text-to-text model whose sentences are learnt too."),
    ] = None,
    format: FormatOption = "auto",
    group: GroupOption = None,
    defects: DefectsOption = "auto",
    good: GoodOption = [],  # noqa: B006  # typer makes a new list for each command
    steps: Annotated[int, typer.Option(min=1, help="Training steps of 32 reports.")] = 600,
    search_steps: Annotated[int, typer.Option(min=1, help="Training steps of searching by sentence.")] = 1500,
    seed: Annotated[int, typer.Option(help="The same seed on the same machine gives the same bundle.")] = 0,
) -> None:
    """Teach a bundle to write reports in zh-TW and English, and to find parts by sentences in both.

    Class, place, numbers and what to do always come from the verdict. What the decoder adds of its own is learnt from
    captions in the data and from the describer's sentences; it is marked as the model's, and left out where it may
    contradict the verdict. Stop it with Ctrl-C at any time: the next start goes on.

    Example:  edgevl language bundles/line3 --data pictures/line3 --describer models/blip
    """
    command = shlex.join(["edgevl", *sys.argv[1:]])
    require_workshop()
    from compress.data.reading import Reading
    from compress.language.pipeline import LanguageRecipe, add_language
    from compress.language.table import print_language
    from compress.progress import ConsoleReporter

    console = Console()
    recipe = LanguageRecipe(Reading(format, defects, group, tuple(good)), describer, steps, search_steps, seed)
    target = out or bundle.with_name(bundle.name + "-language")
    _, report = add_language(bundle, data, target, recipe, ConsoleReporter(console), command)
    print_language(report, console)
