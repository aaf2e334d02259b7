"""A new version of a bundle: all of the old one but for its added classes, under a name and a number of its own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TypeVar

import msgspec

from compress.errors import DataError
from compress.in_place import put_in_place
from compress.pack import check_out
from edge.bundle import AddedClass, Bundle, Manifest, entry_for, load_bundle, write_manifest

T = TypeVar("T")
_FOLDER = "added"
_VERSION = re.compile(r"(?P<name>.+)-v(?P<number>\d+)")


def out_for(base: Path, asked: Path | None) -> Path:
    """Where the new version goes: as asked, else beside `base` at the next free number, never over anything there."""
    if asked is not None:
        check_out(asked)
        if asked.resolve() == base.resolve():
            raise DataError(f"--out {asked} is the bundle itself, and a bundle is not changed; choose another --out")
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


def write_version(
    base: Bundle,
    out: Path,
    added: tuple[AddedClass, ...],
    new_files: Mapping[str, Callable[[Path], None]],
    known: str | None,
    check: Callable[[Bundle], T],
) -> tuple[Bundle, T]:
    """Write it beside `out`, hand it to `check`, and put it in place at once; not at all where that raises.

    new_files: how to write each. known: the manifest's.
    """
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    gone = {each.file for each in base.manifest.added} - {each.file for each in added}
    try:
        for relative in set(base.manifest.files) - gone - set(new_files):
            (partial / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(base.path / relative, partial / relative)
        for relative, write in new_files.items():
            (partial / relative).parent.mkdir(parents=True, exist_ok=True)
            write(partial / relative)
        files = {p.relative_to(partial).as_posix(): entry_for(p) for p in sorted(partial.rglob("*")) if p.is_file()}
        created = datetime.now(timezone.utc).isoformat(timespec="seconds")
        manifest = msgspec.structs.replace(
            base.manifest, name=out.name, created=created, files=files, added=added, known=known
        )
        write_manifest(partial, manifest)
        found = check(load_bundle(partial))
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    put_in_place(partial, out)
    return load_bundle(out), found
