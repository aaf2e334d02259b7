"""The manifest: which files a bundle has, its classes, how its numbers become a verdict, and what else it can do."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from edge.errors import BundleError
from edge.quality import QualityLimits
from edge.quantities import Share

MANIFEST = "manifest.json"
FORMAT_VERSION = 1

Precision = Literal["float32", "float16", "int8"]
MadeFor = Literal["any", "cpu", "gpu"]
ClassKind = Literal["good", "defect"]


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
