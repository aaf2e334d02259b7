"""Which past verdicts are wanted: the options that every command about the history has, and what is said of none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edge.store.history import History
    from edge.store.wanted import Wanted

DataFolderOption = Annotated[Path | None, typer.Option(help="Or a data folder itself, such as a copy of one.")]
CameraOption = Annotated[str | None, typer.Option(help="Only this camera.")]
StatusOption = Annotated[str | None, typer.Option(help="Only OK, NG or UNDECIDED.")]
ClassOption = Annotated[str | None, typer.Option("--class", help="Only this class.")]
SinceOption = Annotated[str | None, typer.Option(help="From then on: 30m, 2h, 7d, 2026-11-24 or 2026-11-24T08:00.")]
UntilOption = Annotated[str | None, typer.Option(help="Before then, written alike.")]


def none_fits(history: History, wanted: Wanted) -> str:
    """Why a list is empty, as far as the history tells: a class that it never had is perhaps misspelt."""
    if wanted == type(wanted)():
        return "no part is in this history yet"
    known = sorted(history.totals().by_class)
    if wanted.class_name is None or wanted.class_name in known or not known:
        return "no part fits; leave out a filter, or widen the time"
    return f"no part of class {wanted.class_name!r} fits; classes of NG and UNDECIDED parts so far: {', '.join(known)}"
