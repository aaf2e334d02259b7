"""A bundle made from another one: all of the old one but for what is changed, under a name and a number of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from compress.in_place import put_in_place
from edge.bundle.files import entry_for, write_manifest
from edge.bundle.load import Bundle, load_bundle

T = TypeVar("T")


def derive(
    base: Bundle,
    out: Path,
    new_files: Mapping[str, Callable[[Path], object]],
    changes: Mapping[str, Any],
    check: Callable[[Bundle], T],
    gone: Collection[str] = (),
) -> tuple[Bundle, T]:
    """Write it beside `out`, hand it to `check`, and put it in place at once; not at all where that raises.

    new_files: how to write each, old ones of the same name are not copied. changes: fields of the manifest. gone: files
    of `base` that are left out.
    """
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    copies = {name: _copy_of(base.path / name) for name in base.manifest.files if name not in gone}
    try:
        for relative, write in (copies | dict(new_files)).items():
            (partial / relative).parent.mkdir(parents=True, exist_ok=True)
            write(partial / relative)
        files = {p.relative_to(partial).as_posix(): entry_for(p) for p in sorted(partial.rglob("*")) if p.is_file()}
        created = datetime.now(timezone.utc).isoformat(timespec="seconds")
        manifest = msgspec.structs.replace(base.manifest, name=out.name, created=created, files=files, **changes)
        write_manifest(partial, manifest)
        found = check(load_bundle(partial))
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    put_in_place(partial, out)
    return load_bundle(out), found


def _copy_of(file: Path) -> Callable[[Path], object]:
    return lambda target: shutil.copyfile(file, target)
