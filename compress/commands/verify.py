"""`edgevl verify`: a bundle's evaluation once more, on any data, on any engine; needs no torch."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from compress.errors import DataError

_NEEDED = ("sklearn", "scipy", "PIL", "defusedxml", "pycocotools", "yaml", "jinja2")


def verify_command(
    bundle: Annotated[Path, typer.Argument(help="The bundle to verify.")],
    data: Annotated[Path, typer.Option(help="Folder of labelled pictures, in any layout `edgevl compress` reads.")],
    engine: Annotated[
        list[str] | None,
        typer.Option(help="auto, cpu, cuda, tensorrt or openvino; several times for a comparison side by side."),
    ] = None,
    variant: Annotated[str, typer.Option(help="One of the bundle's, or `auto`: what the device takes.")] = "auto",
    split: Annotated[str, typer.Option(help="`test`, or `all` for every picture.")] = "test",
    format: Annotated[str, typer.Option(help="Label format; `auto` looks and says what it found.")] = "auto",
    group: Annotated[str | None, typer.Option(help="Regular expression: pictures of one part, by file name.")] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a page with pictures here.")] = None,
) -> None:
    """Repeat a bundle's evaluation on any labelled pictures, as the device would see them.

    Prints the figures beside those of the bundle's report, the worst mistakes, and where engines differ. Ends with
    exit code 9 where macro-F1, escapes or overkill lie outside the report's 95 % intervals on the bad side.

    Example:  edgevl verify bundles/line3 --data pictures/march --split all --engine cpu --engine tensorrt
    """
    _require_verify()
    from compress.progress import ConsoleReporter
    from compress.verify.engines import opened
    from compress.verify.reading import read_for
    from compress.verify.table import print_verification
    from compress.verify.verification import named_part, raise_if_worse, verify
    from edge.bundle.load import load_bundle

    console = Console()
    part = named_part(split)
    loaded = load_bundle(bundle)
    dataset = read_for(loaded, data, part, format, group)
    with opened(loaded, variant, engine or ["auto"]) as engines:
        found = verify(loaded, dataset, part, engines, ConsoleReporter(Console(stderr=True)))
    print_verification(found, console)
    if html is not None:
        from compress.verify.page import write_page

        write_page(found, data, html)
        console.print(f"Look at {html}", highlight=False, markup=False)
    raise_if_worse(found)


def _require_verify() -> None:
    """Raises DataError with the command that installs what is missing."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise DataError(
            f"reading and scoring labelled pictures needs more than the device has ({', '.join(missing)} missing); "
            "run: pip install -c constraints.txt '.[verify]'"
        )
