"""`python -m edge.dashboard --feed tcp://127.0.0.1:5560 --data-dir DIR --line NAME`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from edge.dashboard.texts.languages import Language
from edge.errors import EdgevlError


def main(
    feed: Annotated[str, typer.Option(help="Address of the line's feed.")],
    data_dir: Annotated[Path, typer.Option(help="Folder with the line's history.")],
    line: Annotated[str, typer.Option(help="Name of the line, as in its file.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8088,
    keys: Annotated[
        Path | None, typer.Option(help="Folder with the keys for the feed, where it asks for some.")
    ] = None,
    bundle: Annotated[list[Path], typer.Option(help="Folder of a bundle that judges the parts, for searching.")] = [],  # noqa: B006
    language: Annotated[Language, typer.Option(help="Language of the page.")] = "zh-TW",
) -> None:
    """Show a running line in the browser: live pictures, verdicts, yield and the latest rejects."""
    # This is the real server even where a test started it; NiceGUI would change its port and its behaviour.
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    from edge.dashboard.serve import Options, serve  # NiceGUI takes a while; `--help` need not wait for it

    try:
        serve(Options(feed, data_dir, host, port, language, line, keys, tuple(bundle)))
    except EdgevlError as error:
        print(error, file=sys.stderr)  # noqa: T201
        raise typer.Exit(error.exit_code) from None


if __name__ == "__main__":
    typer.run(main)
