"""A bundle with its language half: everything the old one has, the files below `language/`, and a new number."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from compress.in_place import put_in_place
from edge.bundle import MANIFEST, Bundle, ClassSpec, ReportsSpec, TextSearch, entry_for, load_bundle, write_manifest

FOLDER = "language"


@dataclass(frozen=True, slots=True)
class LanguageFiles:
    """What goes into `language/`: name there -> file. reports, text: what the manifest says of them."""

    files: dict[str, Path]
    reports: ReportsSpec
    text: TextSearch


def with_language(base: Bundle, out: Path, classes: tuple[ClassSpec, ...], language: LanguageFiles) -> Bundle:
    """Write the new bundle beside `out`, verify it, and put it in place at once. classes: with their titles."""
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    for relative in base.manifest.files:
        (partial / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(base.path / relative, partial / relative)
    (partial / FOLDER).mkdir(parents=True, exist_ok=True)
    for name, file in language.files.items():
        shutil.copyfile(file, partial / FOLDER / name)
    files = {p.relative_to(partial).as_posix(): entry_for(p) for p in sorted(partial.rglob("*")) if p.is_file()}
    manifest = msgspec.structs.replace(
        base.manifest,
        name=out.name,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        classes=classes,
        files=files,
        reports=language.reports,
        text=language.text,
    )
    assert MANIFEST not in files
    write_manifest(partial, manifest)
    load_bundle(partial)
    put_in_place(partial, out)
    return load_bundle(out)
