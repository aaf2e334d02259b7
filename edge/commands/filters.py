"""Which past verdicts are wanted: the options that every command about the history has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataFolderOption = Annotated[Path | None, typer.Option(help="Or a data folder itself, such as a copy of one.")]
CameraOption = Annotated[str | None, typer.Option(help="Only this camera.")]
StatusOption = Annotated[str | None, typer.Option(help="Only OK, NG or UNDECIDED.")]
ClassOption = Annotated[str | None, typer.Option("--class", help="Only this class.")]
SinceOption = Annotated[str | None, typer.Option(help="From then on: 30m, 2h, 7d, 2026-11-24 or 2026-11-24T08:00.")]
UntilOption = Annotated[str | None, typer.Option(help="Before then, written alike.")]
