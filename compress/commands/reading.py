"""The options that say how a data folder is to be read, the same in every command that reads one."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

FormatOption = Annotated[str, typer.Option(help="Label format; `auto` looks and says what it found.")]
DefectsOption = Annotated[
    Literal["auto", "teach", "hold-out"],
    typer.Option(
        help="`hold-out` learns from good parts only and keeps every defect for the test; `teach` takes some of them "
        "for training; `auto` does as the data's own splits do."
    ),
]
GroupOption = Annotated[
    str | None,
    typer.Option(
        "--group",
        help="Regular expression on the file name: what its first group matches names the part, and all pictures "
        r"of a part stay in one split, e.g. 'part(\d+)_'.",
    ),
]
GoodOption = Annotated[
    list[str],
    typer.Option("--good", help="Name of a class of good parts, where it is not clear by itself; repeatable."),
]
