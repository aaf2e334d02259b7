"""Where a subscriber has got to, kept in a file so that it can go on there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from edge.errors import EdgevlError
from edge.requests.messages import Mark

# Per topic the next message that is wanted.
Position = Mapping[str, Mark]


class PositionError(EdgevlError):
    """The file with the position cannot be read."""


def write_position(path: Path, position: Position) -> None:
    """All or nothing, also through a power cut."""
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(msgspec.json.encode(dict(position)))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def read_position(path: Path) -> Position | None:
    """None where there is none yet. Raises PositionError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Mark])
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise PositionError(f"{path} holds no position ({error}); delete it to begin with what comes now") from error
