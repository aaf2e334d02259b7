"""`edgevl classes`: what a bundle knows, and a new class of defect without training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from compress.commands.reading import DefectsOption, FormatOption, GoodOption, GroupOption
from compress.commands.workshop import require_workshop

OutOption = Annotated[
    Path | None,
    typer.Option(
        help="Where the new bundle goes; unless given, beside the old one, which is not changed, as NAME-v2, -v3, ...",
        show_default=False,
    ),
]


def add_command(
    bundle: Annotated[Path, typer.Argument(help="The bundle, as `edgevl compress` made it.")],
    name: Annotated[str, typer.Argument(help="What verdicts are to call the new class.")],
    prompt: Annotated[
        list[str],
        typer.Option(help="A sentence that says what it looks like, read by the bundle's teacher; repeatable."),
    ] = [],  # noqa: B006  # typer makes a new list for each command
    examples: Annotated[Path | None, typer.Option(help="A folder with pictures of it; one is enough.")] = None,
    out: OutOption = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="The pictures the bundle was made from, to fit the threshold on them anew; unless given, the bundle "
            "goes by what it remembers of them.",
            show_default=False,
        ),
    ] = None,
    teacher: Annotated[
        str | None,
        typer.Option(
            help="The dual encoder (CLIP-style) the bundle was made from, where it does not lie where it did then.",
            show_default=False,
        ),
    ] = None,
    title_en: Annotated[str | None, typer.Option(help="Its name on English screens.")] = None,
    title_zh_tw: Annotated[str | None, typer.Option(help="Its name on zh-TW screens.")] = None,
    budget: Annotated[float, typer.Option(help="Share of known parts that may be taken for it, at most.")] = 0.01,
    format: FormatOption = "auto",
    group: GroupOption = None,
    defects: DefectsOption = "auto",
    good: GoodOption = [],  # noqa: B006  # as above
) -> None:
    """Teach a bundle a new class of defect without training, from a sentence, a few pictures, or both.

    The model stays as it is; a linear rule on its embeddings is fitted, and the threshold such that known parts keep
    their verdicts but for --budget of them. The new version must give the old one's golden answers, or is not written.

    Example:  edgevl classes add bundles/line3 "glue residue" --prompt "a transparent blob of glue on the surface"
    """
    require_workshop()
    from compress.data.reading import Reading
    from compress.new_class.add import Pictures, add_class
    from compress.new_class.asked import NewClass
    from compress.progress import ConsoleReporter
    from compress.search.lexicon import usual_name

    console = Console()
    chinese = title_zh_tw if title_zh_tw is not None else usual_name(name, False, "zh-TW")
    titles = {code: title for code, title in (("en", title_en), ("zh-TW", chinese)) if title is not None}
    new = NewClass(name, tuple(prompt), examples, teacher, titles, budget)
    pictures = None if data is None else Pictures(data, Reading(format, defects, group, tuple(good)))
    found = add_class(bundle, out, pictures, new, ConsoleReporter(console))
    for line in found.said():
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def list_command(bundle: Annotated[Path, typer.Argument(help="The bundle.")]) -> None:
    """List the classes a bundle knows, and those that were added."""
    from edge.bundle.load import load_bundle

    manifest = load_bundle(bundle).manifest
    console = Console()
    for spec in manifest.classes:
        console.print(f"{spec.name}: {spec.kind}", highlight=False, markup=False, soft_wrap=True)
    for added in manifest.added:
        said, plural = "; ".join(added.prompts), "" if added.examples == 1 else "s"
        console.print(
            f"{added.name}: defect, added from {added.examples} example{plural}{': ' + said if said else ''}",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip


def remove_command(
    bundle: Annotated[Path, typer.Argument(help="The bundle.")],
    name: Annotated[str, typer.Argument(help="The added class to take away.")],
    out: OutOption = None,
) -> None:
    """Write a bundle without an added class; those it was trained on stay."""
    require_workshop()
    from compress.new_class.add import remove_class

    made = remove_class(bundle, out, name)
    Console().print(f"bundle {made.manifest.bundle_id} is in {made.path}", highlight=False, markup=False)
