"""The files of a bundle: their digests, how a folder differs from its manifest, and the manifest, written last."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import msgspec

from edge.bundle.manifest import MANIFEST, FileEntry, Manifest


@dataclass(frozen=True, slots=True)
class Differences:
    """How the files differ from the manifest; each a sorted list of POSIX paths."""

    missing: tuple[str, ...]
    changed: tuple[str, ...]
    extra: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.missing or self.changed or self.extra)

    def sentence(self) -> str:
        parts = [f"{word}: {', '.join(names)}" for word, names in self._named() if names]
        return "; ".join(parts)

    def _named(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return (("missing", self.missing), ("changed", self.changed), ("not in the manifest", self.extra))


def compare(path: Path, manifest: Manifest) -> Differences:
    """Hash every file of the folder and hold it against the manifest. A link counts as changed."""
    present = set(_files_below(path)) - {MANIFEST}
    listed = set(manifest.files)
    changed = [name for name in sorted(present & listed) if not _agrees(path / name, manifest.files[name])]
    return Differences(tuple(sorted(listed - present)), tuple(changed), tuple(sorted(present - listed)))


def entry_for(file: Path) -> FileEntry:
    """Size and digest of a file as the manifest records them."""
    with file.open("rb") as stream:
        digest = _sha256(stream)
    return FileEntry(bytes=file.stat().st_size, sha256=digest)


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write `manifest.json` last and at once: a reader sees all of it or none."""
    temporary = path / (MANIFEST + ".partial")
    with temporary.open("wb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path / MANIFEST)


def is_inside(relative: str) -> bool:
    """Whether a manifest path is a plain relative POSIX path that stays inside its folder."""
    path = PurePosixPath(relative)
    plain = bool(relative) and "\\" not in relative and "\0" not in relative
    return plain and not path.is_absolute() and ".." not in path.parts and str(path) == relative


def _files_below(path: Path) -> Iterator[str]:
    for folder, _, names in os.walk(path, followlinks=False):
        for name in names:
            yield (Path(folder) / name).relative_to(path).as_posix()


def _agrees(file: Path, entry: FileEntry) -> bool:
    if file.is_symlink() or not file.is_file() or file.stat().st_size != entry.bytes:
        return False
    return entry_for(file) == entry


def _sha256(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := stream.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()
