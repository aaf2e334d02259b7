"""`edgevl keys`: who may read the feed of a line from another machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

Folder = Annotated[Path, typer.Option("--keys", help="The folder with the keys, as [feed] keys in the line file says.")]


def new_command(
    name: Annotated[str, typer.Argument(help="Whose key; `server` for the line itself.")],
    keys: Folder = Path("keys"),
) -> None:
    """Make a key: NAME.key_secret stays where it is, NAME.key is given to the other side.

    On the device once:   edgevl keys new server     and give server.key to every reader.
    For each reader:      edgevl keys new press-3    on its own machine, and give press-3.key to the device.
    """
    from edge.feed.keys import new_pair

    pair = new_pair(keys, name)
    _say(f"{keys / name}.key_secret is the secret; {keys / name}.key may be given away: {pair.public.decode()}")


def list_command(keys: Folder = Path("keys")) -> None:
    """Show who is allowed, one a line: name and public key."""
    from edge.feed.keys import allowed

    for name, public in allowed(keys).items():
        _say(f"{name}  {public.decode()}")


def allow_command(
    key: Annotated[str, typer.Argument(help="A reader's NAME.key, or the 40 characters of its public key.")],
    keys: Folder = Path("keys"),
    name: Annotated[str | None, typer.Option(help="What to call the reader; the file's name unless given.")] = None,
) -> None:
    """Let a reader in. A running line knows it within two seconds."""
    from edge.feed.keys import allow

    _say(f"{allow(keys, key, name)} is allowed")


def revoke_command(
    name: Annotated[str, typer.Argument(help="Who is let in no more; `edgevl keys list` shows the names.")],
    keys: Folder = Path("keys"),
) -> None:
    """Let a reader in no more. A running line hangs up on it within two seconds."""
    from edge.feed.keys import revoke

    revoke(keys, name)
    _say(f"{name} is revoked")


def _say(sentence: str) -> None:
    Console().print(sentence, markup=False, highlight=False, soft_wrap=True)
