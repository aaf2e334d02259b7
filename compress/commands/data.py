"""`edgevl data ...`: commands about a folder of pictures, before anything is trained on it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from compress.commands.reading import DefectsOption, FormatOption, GoodOption, GroupOption
from compress.commands.workshop import require_workshop
from compress.errors import DataError

if TYPE_CHECKING:
    from compress.check.duplicates import Duplicates
    from compress.data.samples import Dataset


def check_command(
    folder: Annotated[Path, typer.Argument(help="Folder of pictures, in any layout that `edgevl compress` reads.")],
    format: FormatOption = "auto",
    group: GroupOption = None,
    defects: DefectsOption = "auto",
    good: GoodOption = [],  # noqa: B006  # typer makes a new list for each command
    html: Annotated[Path | None, typer.Option(help="Also write a page with pictures: one file, no network.")] = None,
    move: Annotated[
        bool, typer.Option("--move", help="Offer to put near-duplicates on one side of the splits.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --move: do not ask.")] = False,
    seed: Annotated[int, typer.Option(help="Of the splits, where the data has none.")] = 0,
) -> None:
    """Say what a data set holds and what is wrong with it: counts, sizes, near-duplicates, labels, broken files.

    Ends with exit code 0 where a model can be made from it, 6 where not. Labels and pictures are never changed; --move
    writes lists into a folder of their own, which the readers take before any other split.

    Example:  edgevl data check pictures/line3 --html line3.html
    """
    require_workshop()
    from compress.check.check import check_data
    from compress.check.check_page import write_page
    from compress.check.check_table import print_check
    from compress.data.reading import Reading
    from compress.progress import ConsoleReporter

    console = Console()
    dataset = Reading(format, defects, group, tuple(good)).read(folder, seed)
    check = check_data(dataset, ConsoleReporter(console), seed)
    print_check(check, console)
    if html is not None:
        write_page(check, html)
        console.print(f"\nLook at {html}", highlight=False, markup=False)
    if move:
        _move(check.dataset, check.duplicates, yes, console)
    if not check.usable:
        raise DataError(f"{folder} cannot be used as it is: {check.findings[0].sentence}")


def _move(dataset: Dataset, duplicates: Duplicates, yes: bool, console: Console) -> None:
    from compress.check.moves import plan_moves, told, write_moves

    moves = plan_moves(dataset, duplicates)
    console.print(f"\n{told(moves)}", highlight=False, markup=False)
    if moves and (yes or _agreed()):
        lists = write_moves(dataset, moves)
        console.print(f"Wrote {lists}; remove that folder to undo it.", highlight=False, markup=False)


def _agreed() -> bool:
    """Ask on a terminal; elsewhere nobody could answer, so the answer is no and the way is said."""
    if not sys.stdin.isatty():
        Console().print("Nothing was moved: add --yes to move without being asked.", highlight=False)
        return False
    return typer.confirm("Move them?", default=False)
