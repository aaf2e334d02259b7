"""`edgevl classes`: what a bundle knows, and a new class of defect without training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from compress.commands.compress import require_workshop
from compress.commands.reading import DefectsOption, FormatOption, GoodOption, GroupOption

OutOption = Annotated[Path, typer.Option(help="Where the new bundle goes. The old one is not changed.")]


def add_command(
    bundle: Annotated[Path, typer.Argument(help="The bundle, as `edgevl compress` made it.")],
    name: Annotated[str, typer.Argument(help="What verdicts are to call the new class.")],
    data: Annotated[
        Path, typer.Option(help="The pictures the bundle was made from: its classes must stay as they are.")
    ],
    out: OutOption,
    prompt: Annotated[
        list[str], typer.Option(help="A sentence that says what it looks like; repeatable. Needs --teacher.")
    ] = [],  # noqa: B006  # typer makes a new list for each command
    examples: Annotated[Path | None, typer.Option(help="A folder with pictures of it; one is enough.")] = None,
    teacher: Annotated[
        str | None, typer.Option(help="The dual encoder (CLIP-style) the bundle was made from, to read the sentences.")
    ] = None,
    title_en: Annotated[str | None, typer.Option(help="Its name on English screens.")] = None,
    title_zh_tw: Annotated[str | None, typer.Option(help="Its name on zh-TW screens.")] = None,
    budget: Annotated[float, typer.Option(help="Share of known parts that may be taken for it, at most.")] = 0.01,
    format: FormatOption = "auto",
    group: GroupOption = None,
    defects: DefectsOption = "auto",
    good: GoodOption = [],  # noqa: B006  # as above
) -> None:
    """Teach a bundle a new class of defect without training, from a few pictures, a sentence, or both.

    The model stays as it is; a linear rule on its embeddings is fitted, and the threshold such that known parts keep
    their verdicts but for --budget of them. Check it on pictures it never saw with `edgevl verify`.

    Example:  edgevl classes add bundles/line3 "glue residue" --examples glue --data pictures/line3 --out bundles/glue
    """
    require_workshop()
    from compress.data.reading import Reading
    from compress.new_class.add import NewClass, add_class
    from compress.progress import ConsoleReporter

    console = Console()
    titles = {code: title for code, title in (("en", title_en), ("zh-TW", title_zh_tw)) if title}
    new = NewClass(name, tuple(prompt), examples, teacher, titles, budget)
    reading = Reading(format, defects, group, tuple(good))
    found = add_class(bundle, out, data, reading, new, ConsoleReporter(console))
    console.print(f"bundle {found.bundle.manifest.bundle_id} is in {out}", highlight=False, markup=False)
    console.print(f"of {found.held_out:,} held-out parts of known classes it takes {found.taken:,}", highlight=False)
    if found.recognised is None:
        console.print("how many of the new class it recognises cannot be said from fewer than two examples")
    else:
        console.print(f"of {found.examples:,} examples it recognises {found.recognised:,}, each by the others alone")


def list_command(bundle: Annotated[Path, typer.Argument(help="The bundle.")]) -> None:
    """List the classes a bundle knows, and those that were added."""
    from edge.bundle import load_bundle

    manifest = load_bundle(bundle).manifest
    console = Console()
    for spec in manifest.classes:
        console.print(f"{spec.name}: {spec.kind}", highlight=False, markup=False, soft_wrap=True)
    for added in manifest.added:
        said = "; ".join(added.prompts)
        console.print(
            f"{added.name}: defect, added from {added.examples} examples{': ' + said if said else ''}",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip


def remove_command(
    bundle: Annotated[Path, typer.Argument(help="The bundle.")],
    name: Annotated[str, typer.Argument(help="The added class to take away.")],
    out: OutOption,
) -> None:
    """Write a bundle without an added class; those it was trained on stay."""
    require_workshop()
    from compress.new_class.add import remove_class

    made = remove_class(bundle, out, name)
    Console().print(f"bundle {made.manifest.bundle_id} is in {out}", highlight=False, markup=False)
