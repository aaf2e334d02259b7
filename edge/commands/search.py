"""`edgevl search`: parts of the history by a sentence, by a picture, or by a part that looks alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from edge.commands.filters import (
    CameraOption,
    ClassOption,
    DataFolderOption,
    SinceOption,
    StatusOption,
    UntilOption,
    none_fits,
)
from edge.commands.history import COLOURS, data_folder, moment, readable, status_named
from edge.errors import ConfigError

if TYPE_CHECKING:
    from edge.bundle.load import Bundle
    from edge.search.results import Hit
    from edge.search.search import Search
    from edge.store.history import History
    from edge.store.wanted import Wanted


def search_command(
    question: Annotated[str, typer.Argument(help="A sentence (zh-TW or English), a picture, or the id of a verdict.")],
    line_file: Annotated[
        Path | None, typer.Argument(envvar="EDGEVL_LINE", help="The line file whose history is searched.")
    ] = None,
    db: DataFolderOption = None,
    bundle: Annotated[
        Path | None, typer.Option(help="The bundle that judged the parts; the line file's unless given.")
    ] = None,
    camera: CameraOption = None,
    status: StatusOption = None,
    class_name: ClassOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many, the best.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    html: Annotated[Path | None, typer.Option(help="Also write a page with the pictures.")] = None,
) -> None:
    """Find parts: by what a sentence says, or by what a picture or another part looks like. Safe beside a running line.

    A sentence is understood where the bundle has a text encoder (`edgevl language`); with any bundle it finds the words
    of reports, classes and places. Quote it. EDGEVL_LINE may name the line file.

    Example:  edgevl search "oil stain near the edge" configs/line-demo.toml --since 7d

    Example:  edgevl search 邊緣油污 configs/line-demo.toml --html stains.html
    """
    from edge.bundle.load import load_bundle
    from edge.commands.bundles import bundle_folders
    from edge.search.search import open_search
    from edge.store.history import History
    from edge.store.wanted import Wanted

    now = datetime.now(timezone.utc)
    wanted = Wanted(
        status_named(status), camera, class_name, moment("--since", since, now), moment("--until", until, now)
    )
    if db is not None:
        line_file = None  # said here and now, so it goes before EDGEVL_LINE
    folder = data_folder("search QUESTION", line_file, db)
    aside = Console(stderr=True)
    bundles = [load_bundle(path) for path in bundle_folders(line_file, bundle)]
    with readable(folder), open_search(folder, bundles, lambda words: aside.print(words, soft_wrap=True)) as search:
        _catch_up(search, aside)
        hits = _found(search, question, bundles, wanted, limit)
        history = History(folder)
        if as_json:
            typer.echo(msgspec.json.format(found_as_json(hits, history)).decode())
        elif hits:
            Console().print(found_table(hits, history))
            if other := _other_than_named(question, hits, bundles):
                aside.print(other, markup=False, highlight=False, soft_wrap=True)
        else:
            Console().print(_nothing(history, wanted), markup=False, highlight=False, soft_wrap=True)
        if html is not None:
            _write_sheet(html, question, hits, history)


def _nothing(history: History, wanted: Wanted) -> str:
    if next(iter(history.select(wanted, 1)), None) is None:
        return none_fits(history, wanted)
    return "no part was found by these words; say it otherwise, or look at `edgevl history`"


def _other_than_named(question: str, hits: Sequence[Hit], bundles: Sequence[Bundle]) -> str:
    """A line where the sentence names classes and none of the parts found is of them; else nothing."""
    from edge.bundle.manifest import ClassSpec
    from edge.search.named import classes_named

    judged = {hit.stored.verdict.class_name for hit in hits}
    of_others = (ClassSpec(name, "defect") for name in judged if name is not None)  # of bundles that are not at hand
    named = classes_named(question, [*(s for bundle in bundles for s in bundle.manifest.all_classes), *of_others])
    if not named or judged & named or any("look" in hit.by for hit in hits):
        return ""
    return f"none of these was judged {' or '.join(sorted(named))}; they are what comes nearest"


def found_table(hits: Sequence[Hit], history: History) -> Table:
    """Best first; times as this machine's clock shows them. The path of the picture is whole, for other programs."""
    table = Table("", "status", "class or reason\nfound by")
    table.add_column("captured\nid, ends in camera and number\npicture", overflow="fold")
    for rank, hit in enumerate(hits, start=1):
        v = hit.stored.verdict
        time = datetime.fromisoformat(v.captured.replace("Z", "+00:00")).astimezone()
        by = f"look {hit.score:.3f}" if "look" in hit.by else " + ".join(hit.by)
        picture = history.picture_path(v.id) if hit.stored.has_picture else None
        table.add_row(
            str(rank), f"[{COLOURS[v.status]}]{v.status}[/]", f"{escape(v.class_name or v.reason or '')}\n{by}",
            f"{time:%Y-%m-%d %H:%M:%S}\n{escape(v.id)}\n{escape(str(picture or 'no picture kept'))}",
        )  # fmt: skip
    return table


def found_as_json(hits: Sequence[Hit], history: History) -> bytes:
    """One object a part, best first: score, found by, the picture's path or null, and the verdict as on the feed."""
    return msgspec.json.encode(
        [
            {
                "score": round(hit.score, 6),
                "by": hit.by,
                "picture": str(history.picture_path(hit.stored.verdict.id) or "") or None,
                "verdict": hit.stored.verdict,
            }
            for hit in hits
        ]
    )


def _found(search: Search, question: str, bundles: Sequence[Bundle], wanted: Wanted, limit: int) -> list[Hit]:
    from edge.search.picture import look_of_picture
    from edge.search.question import checked_sentence, is_verdict_id, picture_named

    picture = picture_named(question)
    if picture is not None:
        if not bundles:
            raise ConfigError("a picture needs the bundle that looks at it: give the line file, or --bundle FOLDER")
        return search.by_look(look_of_picture(picture, bundles[0]), wanted, limit)
    if is_verdict_id(question):
        return search.by_look(search.look_of(question), wanted, limit)
    return search.by_sentence(checked_sentence(question), wanted, limit)


def _catch_up(search: Search, console: Console) -> None:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("bringing the search index up to date", total=None, visible=False)
        search.catch_up(lambda done, all_: progress.update(task, completed=done, total=all_, visible=True))


def _write_sheet(html: Path, question: str, hits: Sequence[Hit], history: History) -> None:
    from edge.search.sheet import contact_sheet

    try:
        html.write_text(contact_sheet(question, hits, history), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write {html}: {error.strerror}; choose another --html") from error
    Console(stderr=True).print(f"{len(hits)} parts in {html}", soft_wrap=True, highlight=False)
