"""`edgevl ask`: questions about a part, in English and Traditional Chinese, answered from its verdict."""

from __future__ import annotations

import sys
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
    db: Annotated[Path | None, typer.Option(help="With --bundle: the data folder that has the verdict.")] = None,
) -> None:
    """Ask about a part: whether, how many, what, where, how large, and compared with the part before it.

    Answers come from the verdict alone; what it does not say gets "I cannot tell". Follow-up questions such as "and on
    the right?" are understood.

    Example:  edgevl ask part.jpg "Is there a scratch? 左邊有幾處刮痕？" --bundle bundles/neu
    """
    from edge.bundle.load import load_bundle
    from edge.config.load import load_line
    from edge.line.heartbeat import shown_classes
    from edge.questions.interview import Interview

    if (line_file is None) == (bundle is None):
        raise ConfigError("say what looked at the part: --line LINE.toml, or --bundle BUNDLE, not both")
    line = None if line_file is None else load_line(line_file)
    loaded = load_bundle(line.line.bundle if line else bundle or Path())
    verdict, previous = _verdict(part, loaded, line.line.data_dir if line else db)
    if verdict.bundle != loaded.manifest.bundle_id:
        raise ConfigError(
            f"this part was judged by the bundle {verdict.bundle}, and this is another one; name that one"
        )
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


def _verdict(part: str, bundle: Bundle, data_dir: Path | None) -> tuple[Verdict, Verdict | None]:
    """The verdict of a picture by this bundle, or a stored one with the one before it. Raises EdgevlError."""
    from edge.store.history import History

    if Path(part).is_file():
        return _judged(Path(part), bundle), None
    found = None if data_dir is None else History(data_dir).with_previous(part)
    if found is None:
        where = (
            f"the history in {data_dir} has no such verdict" if data_dir else "no history was named (--line or --db)"
        )
        raise ConfigError(f"{part} is no picture, and {where}")
    return found


def _judged(picture: Path, bundle: Bundle) -> Verdict:
    """What the line would say of it."""
    from camera.image_file import ImageFileError, read_image
    from edge.bench.rehearse import verdicts_on

    try:
        image_HWC = read_image(picture)
    except ImageFileError as error:
        raise ConfigError(f"{picture} {error}") from error
    return verdicts_on([image_HWC], bundle)[0]
