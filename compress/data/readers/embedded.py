"""Pictures that lie inside labelme's JSON files instead of beside them. They are not read, only told of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

_LOOKED_AT = 20


class _File(msgspec.Struct, frozen=True, rename="camel"):
    shapes: msgspec.Raw
    image_data: str


def has_embedded_pictures(paths: Iterable[Path]) -> bool:
    """Whether one of the first JSON files is labelme's and holds its picture (`imageData`)."""
    files = [path for path in paths if path.suffix.lower() == ".json"]
    return any(_is_one(path) for path in files[:_LOOKED_AT])


def _is_one(path: Path) -> bool:
    try:
        return bool(msgspec.json.decode(path.read_bytes(), type=_File).image_data)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
