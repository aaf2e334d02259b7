"""The classes of some data set seen through a bundle: which it knows, which it does not, which have no picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from compress.data.dataset import Sample
from compress.errors import DataError
from edge.bundle.manifest import ClassSpec, Manifest
from edge.verdict import UNKNOWN_DEFECT


@dataclass(frozen=True, slots=True)
class Matched:
    """The samples that can be judged, with the bundle's class names and kinds.

    A sample whose class the bundle does not know keeps its own; it counts for escapes and overkill only.
    sentences: what was decided, for people.
    """

    samples: tuple[Sample, ...]
    sentences: tuple[str, ...]


def match_classes(manifest: Manifest, samples: Sequence[Sample]) -> Matched:
    """Hold the samples' classes against the bundle's; names differ in case only, or good parts in name.

    Raises DataError where the bundle can say nothing about any of them.
    """
    own = {c.name: _counterpart(c.name, c.kind, manifest) for c in {s.class_name: _spec(s) for s in samples}.values()}
    counts = Counter(s.class_name for s in samples)
    judged = tuple(
        _as(s, own[s.class_name]) for s in samples if own[s.class_name] is not None or manifest.has_good_class
    )
    if not judged:
        raise DataError(
            f"the bundle knows none of these classes: {_listed(counts)}; it knows: "
            f"{', '.join(c.name for c in manifest.all_classes)}; name the folders or labels as the bundle does"
        )
    return Matched(judged, (*_taken_as(own), *_unknown(own, counts, manifest), *_absent(own, manifest)))


def _spec(sample: Sample) -> ClassSpec:
    return ClassSpec(sample.class_name, sample.kind)


def _counterpart(name: str, kind: str, manifest: Manifest) -> ClassSpec | None:
    """By name, else in another case, else the bundle's only good class, or the unknown defect where it tells such."""
    exact = [c for c in manifest.all_classes if c.name == name]
    folded = [c for c in manifest.all_classes if c.name.strip().casefold() == name.strip().casefold()]
    good = [c for c in manifest.all_classes if c.kind == "good" and kind == "good"]
    unknown = [UNKNOWN_DEFECT] if manifest.decision.anomaly is not None and kind == "defect" else []
    return next((found[0] for found in (exact, folded, good, unknown) if len(found) == 1), None)


def _as(sample: Sample, spec: ClassSpec | None) -> Sample:
    if spec is None:
        return sample
    return replace(sample, class_name=spec.name, kind=spec.kind, localised=sample.localised or spec.kind == "good")


def _taken_as(own: dict[str, ClassSpec | None]) -> list[str]:
    return [f"{name} is taken as the bundle's {spec.name}" for name, spec in own.items() if spec and spec.name != name]


def _unknown(own: dict[str, ClassSpec | None], counts: Counter[str], manifest: Manifest) -> list[str]:
    unknown = Counter({name: counts[name] for name, spec in own.items() if spec is None})
    if not unknown:
        return []
    how = "they count for escapes and overkill only" if manifest.has_good_class else "they are left out"
    return [f"the bundle does not know: {_listed(unknown)}; {how}"]


def _absent(own: dict[str, ClassSpec | None], manifest: Manifest) -> list[str]:
    seen = {spec.name for spec in own.values() if spec is not None}
    absent = [c.name for c in manifest.all_classes if c.name not in seen]
    return [f"no picture here of what the bundle also knows: {', '.join(absent)}"] if absent else []


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} ({count:,})" for name, count in sorted(counts.items()))
