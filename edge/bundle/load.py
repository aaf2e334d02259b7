"""A bundle is read: its manifest checked, and every file held against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge.bundle.files import compare, is_inside
from edge.bundle.manifest import FORMAT_VERSION, MANIFEST, Manifest
from edge.errors import BundleError


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle on disk whose files agree with its manifest."""

    path: Path
    manifest: Manifest

    def file(self, relative: str) -> Path:
        """The path of a file that the manifest lists. Raises BundleError otherwise."""
        if relative not in self.manifest.files:
            raise BundleError(f"{self.path}: the manifest lists no file {relative!r}")
        return self.path / relative


def load_bundle(path: Path) -> Bundle:
    """Read and verify a bundle. Raises BundleError that says which file is wrong and what to do."""
    manifest = read_manifest(path)
    found = compare(path, manifest)
    if found:
        raise BundleError(
            f"the bundle {path} differs from its manifest ({found.sentence()}); copy it again from where it was made"
        )
    return Bundle(path, manifest)


def read_manifest(path: Path) -> Manifest:
    """Decode `manifest.json` without looking at the other files. Raises BundleError."""
    file = path / MANIFEST
    if not path.is_dir():
        raise BundleError(f"there is no bundle at {path}; make one with `edgevl compress`, or copy one there")
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        raise BundleError(
            f"{path} is not a complete bundle: it has no {MANIFEST}, which is written last; run `edgevl compress` again"
        ) from None
    except OSError as error:
        raise BundleError(f"cannot read {file}: {error.strerror}") from error
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except msgspec.ValidationError as error:
        raise BundleError(
            f"{file} is not as this edgevl writes it: {error}; make the bundle again, or use the edgevl that made it"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleError(f"{file} is damaged: {error}; copy the bundle again") from error
    _check_manifest(manifest, file)
    return manifest


def _check_manifest(manifest: Manifest, file: Path) -> None:
    if manifest.format_version != FORMAT_VERSION:
        raise BundleError(
            f"{file} has format {manifest.format_version}, this edgevl reads {FORMAT_VERSION};"
            " update the older of the two"
        )
    for relative in manifest.files:
        if not is_inside(relative):
            raise BundleError(f"{file} names {relative!r}, which leaves the bundle; do not use this bundle")
    for who, relative in _named_files(manifest):
        if relative not in manifest.files:
            raise BundleError(f"{file}: {who} names {relative!r}, which it does not list; copy the bundle again")
    if len(manifest.classes) < 1 or len({c.name for c in manifest.all_classes}) != len(manifest.all_classes):
        raise BundleError(f"{file}: the classes must be at least one, each with its own name")
    if manifest.has_good_class != (manifest.decision.defect_threshold is not None):
        raise BundleError(f"{file}: a defect threshold and a good class go together; make the bundle again")
    if manifest.decision.anomaly is not None and not manifest.has_good_class:
        raise BundleError(f"{file}: an anomaly rule needs a good class; make the bundle again")
    manifest.variant(manifest.default_variant)


def _named_files(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Who names a file, and which."""
    for variant in manifest.variants:
        yield f"variant {variant.name!r}", variant.file
    for added in manifest.added:
        yield f"the added class {added.name!r}", added.file
    if manifest.text is not None:
        yield from (("searching", file) for file in (manifest.text.sentence, manifest.text.part))
    reports = manifest.reports
    if reports is not None:
        yield from (("writing reports", file) for file in (reports.see, reports.read, reports.step, reports.vocabulary))
    yield from (("the manifest", file) for file in (manifest.explain, manifest.known) if file is not None)
