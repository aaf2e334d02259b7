"""The inputs and outputs every engine holds a graph against, before the first frame (see `edge.bundle`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.bundle.manifest import Manifest
from edge.errors import EngineError

OUTPUTS = ("prob", "embedding", "map")
ANOMALY_OUTPUTS = ("anomaly", "anomaly_map")

# Type and shape of a graph's input or output, as the engine tells it; text and None are any size.
Tensor = tuple[str, tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class TypeWords:
    """How an engine calls the two types of the contract."""

    uint8: str
    float32: str


def outputs_of(manifest: Manifest) -> tuple[str, ...]:
    """The outputs of the bundle's graphs, in the order of `edge.engines.engine.Outputs`."""
    return OUTPUTS if manifest.decision.anomaly is None else OUTPUTS + ANOMALY_OUTPUTS


def check_contract(
    inputs: Mapping[str, Tensor], outputs: Mapping[str, Tensor], manifest: Manifest, words: TypeWords, file: Path
) -> None:
    """Raises EngineError where `file` is not the graph that the bundle promises."""
    size = manifest.input
    _check(inputs, {"image": (words.uint8, (None, size.height, size.width, 3))}, f"{file}: input")
    wanted: dict[str, Tensor] = {
        "prob": (words.float32, (None, len(manifest.classes))),
        "embedding": (words.float32, (None, manifest.embedding_dim)),
        "map": (words.float32, (None, None, None)),
        "anomaly": (words.float32, (None,)),
        "anomaly_map": (words.float32, (None, None, None)),
    }
    _check(outputs, {name: wanted[name] for name in outputs_of(manifest)}, f"{file}: output")


def _check(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], where: str) -> None:
    if set(found) != set(wanted):
        raise EngineError(f"{where}s are {', '.join(found)}; a bundle's are {', '.join(wanted)}")
    for name, (kind, shape) in wanted.items():
        found_kind, found_shape = found[name]
        if found_kind != kind or not _fits(found_shape, shape):
            raise EngineError(f"{where} `{name}` is {found_kind} {found_shape}, not {kind} {shape}; make it again")


def _fits(found: tuple[object, ...], wanted: tuple[object, ...]) -> bool:
    if len(found) != len(wanted):
        return False
    return all(w is None or not isinstance(f, int) or f == w for f, w in zip(found, wanted, strict=True))
