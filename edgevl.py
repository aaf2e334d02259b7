"""The front door: `edgevl COMMAND`. Mounts the commands of the rooms and turns foreseen errors into one sentence.

Exit codes: 0 done, 1 unforeseen, 2 the command line, 3 line file, 4 bundle, 5 engine, 6 data, 7 teacher, 8 budget,
9 worse than reported, 130 Ctrl-C (see `edge.errors`).
"""

from __future__ import annotations

import errno
import functools
import os
import re
from collections.abc import Callable
from typing import Any

import typer
from rich.console import Console

from compress.commands import classes as class_commands
from compress.commands.compress import compress_command, demo_command
from compress.commands.data import check_command
from compress.commands.language import language_command
from compress.commands.train import train_command
from compress.commands.verify import verify_command
from edge.commands import keys as key_commands
from edge.commands.ask import ask_command
from edge.commands.engine import engine_command
from edge.commands.history import history_command
from edge.commands.line import bench_command, doctor_command, recipe_command, run_command, watch_command
from edge.commands.search import search_command
from edge.commands.why import why_command
from edge.errors import EdgevlError

_INTERRUPTED = 130
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # full, over quota, read-only: nobody's mistake in the program

app = typer.Typer(
    help="Put a vision-language model on the inspection line: compress it at a desk, run it beside the belt.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


data = typer.Typer(help="Look at a folder of pictures before anything is trained on it.", no_args_is_help=True)
keys = typer.Typer(help="Say who may read a line's feed from another machine.", no_args_is_help=True)
app.add_typer(keys, name="keys", rich_help_panel="The device")

classes = typer.Typer(help="The classes a bundle knows; add one without training.", no_args_is_help=True)
app.add_typer(classes, name="classes", rich_help_panel="The workshop (needs torch)")
app.add_typer(data, name="data", rich_help_panel="The workshop (needs torch)")


def _of_disk(error: BaseException | None) -> str | None:
    """Where and why the disk took no more, as a clause; None where the error, and what led to it, is another.

    safetensors puts the system's number into its text only, numpy how much it could not write.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in _DISK:
            return f"{f' ({error.filename})' if error.filename else ''}: {error.strerror}"
        number = re.search(r"\(os error (\d+)\)", str(error))
        if number and int(number[1]) in _DISK:
            return f": {os.strerror(int(number[1]))}"
        if isinstance(error, OSError) and re.fullmatch(r"\d+ requested and \d+ written", str(error)):
            return f": {os.strerror(errno.ENOSPC)}"
        error = error.__cause__ or error.__context__
    return None


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with foreseen errors as one sentence and an exit code instead of a traceback."""

    @functools.wraps(command)
    def run(**options: Any) -> None:
        try:
            command(**options)
        except EdgevlError as error:
            Console(stderr=True).print(f"[bold red]error:[/] {_escaped(str(error))}", highlight=False, soft_wrap=True)
            raise typer.Exit(error.exit_code) from None
        except Exception as error:
            reason = _of_disk(error)
            if reason is None:
                raise
            told = f"cannot write{reason}; free some space or write elsewhere, and start again"
            Console(stderr=True).print(f"[bold red]error:[/] {_escaped(told)}", highlight=False, soft_wrap=True)
            raise typer.Exit(EdgevlError.exit_code) from None
        except KeyboardInterrupt:
            Console(stderr=True).print("stopped", highlight=False)
            raise typer.Exit(_INTERRUPTED) from None

    return run


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


def mount(name: str, command: Callable[..., None], panel: str, onto: typer.Typer = app) -> None:
    onto.command(name, rich_help_panel=panel)(guarded(command))


mount("demo", demo_command, "Begin here")
mount("compress", compress_command, "The workshop (needs torch)")
mount("train", train_command, "The workshop (needs torch)")
mount("language", language_command, "The workshop (needs torch)")
mount("add", class_commands.add_command, "Classes", onto=classes)
mount("list", class_commands.list_command, "Classes", onto=classes)
mount("remove", class_commands.remove_command, "Classes", onto=classes)
mount("check", check_command, "About a folder of pictures", onto=data)
mount("run", run_command, "The device")
mount("watch", watch_command, "The device")
mount("history", history_command, "The device")
mount("search", search_command, "The device")
mount("ask", ask_command, "The device")
mount("why", why_command, "The device")
mount("recipe", recipe_command, "The device")
mount("doctor", doctor_command, "The device")
mount("bench", bench_command, "The device")
mount("engine", engine_command, "The device")
for name, command in (
    ("new", key_commands.new_command),
    ("list", key_commands.list_command),
    ("allow", key_commands.allow_command),
    ("revoke", key_commands.revoke_command),
):
    mount(name, command, "Keys", onto=keys)
mount("verify", verify_command, "The device")


def main() -> None:
    """What the `edgevl` script calls."""
    app(prog_name="edgevl")


if __name__ == "__main__":
    main()
