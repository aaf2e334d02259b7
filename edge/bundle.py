"""The bundle: the only thing that passes from the workshop to the device.

A directory. `manifest.json` is written last, so its existence means the bundle is complete. It names every
other file with its size and SHA-256; a file that is missing, different or extra is reported by name.

    manifest.json
    model.VARIANT.onnx                     the variants; `manifest.default_variant` is the one to run on a CPU
    golden/frames.npz, golden/expected.npz a few real model inputs with the outputs each variant gave
    explain.onnx                           beside the verdict path: what the model looked at (edge.inspection.explain)
    known.npz                              where the classes lie, for adding one (compress.new_class.known)
    report.json, report.html               what was measured in the workshop

The graph of every variant (opset <= 20, so that JetPack 6 can parse it):

    input   image      uint8   [N, H, W, 3]  BGR, as `edge.inspection.preprocess.model_input` makes it
    output  prob       float32 [N, K]        class probabilities, in the order of `manifest.classes`
    output  embedding  float32 [N, D]        L2-normalised, in the teacher's space where there is one
    output  map        float32 [N, h, w]     0..1, how much each place looks like a defect

and, where `manifest.decision.anomaly` is given, of a model of good parts (see `compress.good_parts.normality`):

    output  anomaly      float32 [N]         0..1, how unlike a good part it is
    output  anomaly_map  float32 [N, h, w]   0..1, how unlike a good part each place is

No pickle, no absolute path, no link that leaves the folder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, BinaryIO, Literal

import msgspec

from edge.errors import BundleError
from edge.quality import QualityLimits

MANIFEST = "manifest.json"
FORMAT_VERSION = 1

Precision = Literal["float32", "float16", "int8"]
MadeFor = Literal["any", "cpu", "gpu"]
ClassKind = Literal["good", "defect"]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class FileEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Size in bytes and SHA-256 (hex) of one file."""

    bytes: int
    sha256: str


class InputSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Height and width of the model's input in pixels; always uint8 BGR, NHWC, stretched to fit."""

    height: int
    width: int


class ClassSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One class: its name in the data, whether it is good, and what to show per language (`zh-TW`, `en`)."""

    name: str
    kind: ClassKind
    titles: dict[str, str] = {}


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One ONNX file. `ms` is what the workshop measured per frame on one thread, for information only.

    made_for: whose kernels it was written for; the other kind is not tried with it unless it is named.
    """

    name: str
    file: str
    precision: Precision
    ms: float | None = None
    golden_tolerance: float = 0.05
    made_for: MadeFor = "any"


class AnomalyRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When a part is unlike the good ones; both thresholds fitted on good parts held out from training.

    threshold: of the graph's output `anomaly`. map_threshold: of `anomaly_map`, as Decision.map_threshold.
    """

    threshold: float
    map_threshold: float


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How probabilities become a verdict; fitted on validation images.

    defect_threshold: NG where the summed probability of the defect classes reaches this. None where there is
        no good class: then every part is NG and only its class is in question. 1.0 where good is the only class.
    min_confidence: below this probability of the best class (classification only), UNDECIDED; and a part unlike
        the good ones is an unknown defect where no known one reaches this.
    map_threshold: what the defect map reaches at a place that gets a box. map_outline: the share of its own peak
        down to which such a place reaches, 0..1; 0: down to map_threshold.
    anomaly: given where the graph knows what good parts look like.
    """

    defect_threshold: float | None
    min_confidence: float
    map_threshold: float
    anomaly: AnomalyRule | None = None
    map_outline: Share = 0.0


class TextSearch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parts can be searched for by sentence: paths of two graphs, see `edge.search.meaning`.

    dim: of the space they share. recall_at_5: per language, on parts and in wordings that were not learned from.
    """

    sentence: str
    part: str
    dim: int
    recall_at_5: dict[str, float] = {}


class ReportsSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The decoder that writes reports: paths of its graphs and its vocabulary (see `edge.language.decoder`)."""

    see: str
    read: str
    step: str
    vocabulary: str
    precision: Precision
    languages: tuple[str, ...]


class AddedClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A defect class that was added without training; `edge.inspection.added` says what its file and its threshold are.

    prompts: the sentences it was described by. examples: how many pictures of it there were.
    """

    name: str
    titles: dict[str, str]
    prompts: tuple[str, ...]
    examples: int
    file: str
    threshold: float


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the bundle holds and how to use it. quality: what a picture must keep to before it is judged.

    trained_on: the usual size in pixels of the pictures it was made from, before they were stretched to `input`.
    reports: given where the bundle has a decoder of its own for reports; without it the fact grammar writes them.
    explain: the graph that says what the model looked at (see `edge.inspection.explain`); older bundles have none.
    known: what the workshop adds a class by (see `compress.new_class.known`); older bundles have none.
    """

    format_version: int
    name: str
    created: str
    edgevl_version: str
    input: InputSpec
    classes: tuple[ClassSpec, ...]
    embedding_dim: int
    decision: Decision
    variants: tuple[Variant, ...]
    default_variant: str
    teacher: str
    files: dict[str, FileEntry]
    quality: QualityLimits | None = None
    trained_on: InputSpec | None = None
    explain: str | None = None
    text: TextSearch | None = None
    reports: ReportsSpec | None = None
    added: tuple[AddedClass, ...] = ()
    known: str | None = None

    @property
    def all_classes(self) -> tuple[ClassSpec, ...]:
        """The graph's classes, then those that were added, which have no probability in the graph's output."""
        return (*self.classes, *(ClassSpec(each.name, "defect", each.titles) for each in self.added))

    @property
    def bundle_id(self) -> str:
        """Twelve hex digits over everything in the manifest, so over every byte of the bundle.

        What has its default is left out of it, so that a bundle keeps its id when a later edgevl knows more fields.
        """
        canonical = msgspec.json.encode(self, order="sorted")
        return hashlib.sha256(canonical).hexdigest()[:12]

    @property
    def has_good_class(self) -> bool:
        return any(c.kind == "good" for c in self.classes)

    def variant(self, name: str) -> Variant:
        """The variant of that name. Raises BundleError naming those that exist."""
        for variant in self.variants:
            if variant.name == name:
                return variant
        known = ", ".join(v.name for v in self.variants)
        raise BundleError(f"the bundle has no variant {name!r}; it has: {known}")


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


def is_inside(relative: str) -> bool:
    """Whether a manifest path is a plain relative POSIX path that stays inside its folder."""
    path = PurePosixPath(relative)
    plain = bool(relative) and "\\" not in relative and "\0" not in relative
    return plain and not path.is_absolute() and ".." not in path.parts and str(path) == relative


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
