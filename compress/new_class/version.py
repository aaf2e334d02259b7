"""What a new version of a bundle is called, and the files of classes that were added to it."""

from __future__ import annotations

import re
from pathlib import Path

from compress.errors import DataError
from compress.pack import check_out
from edge.bundle.manifest import MANIFEST, Manifest

_FOLDER = "added"
_VERSION = re.compile(r"(?P<name>.+)-v(?P<number>\d+)")


def out_for(base: Path, asked: Path | None) -> Path:
    """Where the new version goes: as asked, else beside `base` at the next free number, never over anything there."""
    if asked is not None:
        check_out(asked)
        if (asked / MANIFEST).is_file():
            raise DataError(f"{asked} is a bundle already, and a bundle is not changed; choose another --out")
        return asked
    base = base.resolve() if base.name in ("", "..") else base
    numbered = _VERSION.fullmatch(base.name)
    name, number = (numbered["name"], int(numbered["number"])) if numbered else (base.name, 1)
    while True:
        number += 1
        out = base.with_name(f"{name}-v{number}")
        if not out.exists():
            return out


def free_name(manifest: Manifest) -> str:
    """A file for an added class: a number, never the class's name, which is for people and may be no file name."""
    number = next(n for n in range(len(manifest.files) + 1) if f"{_FOLDER}/{n}.npy" not in manifest.files)
    return f"{_FOLDER}/{number}.npy"
