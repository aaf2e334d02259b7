"""`edgevl ask`: questions about a part, in English and Traditional Chinese, answered from its verdict."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from edge.errors import ConfigError

if TYPE_CHECKING:
    from edge.bundle.load import Bundle
    from edge.messages import Verdict


def ask_command(
    part: Annotated[str, typer.Argument(help="A picture of the part, or the id of a stored verdict.")],
    question: Annotated[
        str | None, typer.Argument(help="What to ask; several questions at once are fine. Without it, ask on and on.")
    ] = None,
    line_file: Annotated[
        Path | None, typer.Option("--line", help="The line file: its bundle, and its history for the id of a verdict.")
    ] = None,
    bundle: Annotated[Path | None, typer.Option(help="Or the bundle to look at a picture with.")] = None,
    db: Annotated[
        Path | None,
        typer.Option(help="The data folder that has the verdict, such as a copy of one; the line's unless given."),
    ] = None,
) -> None:
    """Ask about a part: whether, how many, what, where, how large, and compared with the part before it.

    Answers come from the verdict alone; what it does not say gets "I cannot tell". Follow-up questions such as "and on
    the right?" are understood.

    Example:  edgevl ask part.jpg "Is there a scratch? 左邊有幾處刮痕？" --bundle bundles/neu
    """
    from edge.commands.bundles import bundle_folders
    from edge.config.load import load_line
    from edge.line.heartbeat import shown_classes
    from edge.questions.interview import Interview

    if (line_file is None) == (bundle is None):
        raise ConfigError("say what looked at the part: --line LINE.toml, or --bundle BUNDLE, not both")
    data_dir = load_line(line_file).line.data_dir if line_file and not db else db
    loaded, verdict, previous = _judged(part, bundle_folders(line_file, bundle), data_dir)
    interview = Interview(shown_classes(loaded.manifest))
    console, session = Console(), ""
    while (text := question if question is not None else _next_question(console)) is not None:
        session, answers = interview.ask(text, verdict, previous, session)
        for answer in answers:
            console.print(answer.text, markup=False, highlight=False, soft_wrap=True)
        if question is not None:
            return


def _next_question(console: Console) -> str | None:
    """What is typed next; None at the end of it."""
    try:
        text = console.input("? " if sys.stdin.isatty() else "")
    except EOFError:
        return None
    return text if text.strip() else None


def _judged(part: str, bundles: Sequence[Path], data_dir: Path | None) -> tuple[Bundle, Verdict, Verdict | None]:
    """The verdict of a picture by the first bundle, or a stored one by whichever gave it, with the one before it.

    Raises EdgevlError.
    """
    from edge.bundle.load import load_bundle
    from edge.commands.bundles import bundle_that_judged
    from edge.commands.history import data_folder, readable
    from edge.store.history import History

    if Path(part).is_file():
        loaded = load_bundle(bundles[0])
        return loaded, _seen(Path(part), loaded), None
    if data_dir is None:
        raise ConfigError(f"{part} is no picture, and no history was named (--line or --db)")
    with readable(data_dir):
        found = History(data_folder("ask", None, data_dir)).with_previous(part)
    if found is None:
        raise ConfigError(
            f"{part} is no picture, and the history in {data_dir} has no such verdict; `edgevl history` lists ids"
        )
    return bundle_that_judged(found[0].bundle, bundles), *found


def _seen(picture: Path, bundle: Bundle) -> Verdict:
    """What the line would say of it."""
    from camera.image_file import ImageFileError, read_image
    from edge.bench.rehearse import verdicts_on

    try:
        image_HWC = read_image(picture)
    except ImageFileError as error:
        raise ConfigError(f"{picture} {error}") from error
    return verdicts_on([image_HWC], bundle)[0]
