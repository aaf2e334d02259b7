"""Golden frames: a few model inputs with the outputs the workshop got, to prove an engine computes the same.

golden/frames.npz     image_NHWC   uint8
golden/expected.npz   VARIANT.prob, VARIANT.embedding, VARIANT.map   float32
                      VARIANT.anomaly, VARIANT.anomaly_map           float32, with an anomaly rule
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.bundle.load import Bundle
from edge.engines.contract import ANOMALY_OUTPUTS, outputs_of
from edge.engines.engine import Engine, joined
from edge.errors import BundleError

FRAMES = "golden/frames.npz"
EXPECTED = "golden/expected.npz"


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """Largest absolute differences over all golden frames, to hold against the variant's tolerance.

    anomaly_diff: of the anomaly score and its map; 0 where the bundle has none.
    """

    frames: int
    prob_diff: float
    map_diff: float
    embedding_diff: float
    tolerance: float
    anomaly_diff: float = 0.0

    @property
    def ok(self) -> bool:
        return max(self.prob_diff, self.map_diff, self.embedding_diff, self.anomaly_diff) <= self.tolerance

    def sentence(self) -> str:
        if self.ok:
            return f"agrees with {self.frames} golden frames (probabilities within {self.prob_diff:.1g})"
        return (
            f"differs from the golden frames: probability by {self.prob_diff:.3f}, map by"
            f" {self.map_diff:.3f}, embedding by {self.embedding_diff:.3f}, anomaly by {self.anomaly_diff:.3f},"
            f" where {self.tolerance:g} is allowed"
        )


def golden_frames(bundle: Bundle) -> NDArray[np.uint8]:
    """The golden model inputs (uint8, N, H, W, 3). Raises BundleError."""
    height, width = bundle.manifest.input.height, bundle.manifest.input.width
    image_NHWC = _load(bundle.file(FRAMES), "image_NHWC")
    if image_NHWC.dtype != np.uint8 or image_NHWC.shape[1:] != (height, width, 3) or len(image_NHWC) == 0:
        raise BundleError(
            f"{bundle.path / FRAMES} holds {image_NHWC.dtype} {image_NHWC.shape} instead of uint8"
            f" (N, {height}, {width}, 3); make the bundle again"
        )
    return image_NHWC.astype(np.uint8, copy=False)


def check_golden(bundle: Bundle, engine: Engine, variant: str) -> GoldenResult:
    """Run the golden frames, one by one as on the line, and compare. Raises BundleError, EngineError."""
    tolerance = bundle.manifest.variant(variant).golden_tolerance
    frames_NHWC = golden_frames(bundle)
    got = joined([engine.run(image_HWC[None]) for image_HWC in frames_NHWC])
    named = dict(zip(outputs_of(bundle.manifest), got.arrays(), strict=True))
    file = bundle.file(EXPECTED)
    off = {name: _difference(array, _load(file, f"{variant}.{name}"), file) for name, array in named.items()}
    return GoldenResult(
        frames=len(frames_NHWC),
        prob_diff=off["prob"],
        map_diff=off["map"],
        embedding_diff=off["embedding"],
        tolerance=tolerance,
        anomaly_diff=max(off.get(name, 0.0) for name in ANOMALY_OUTPUTS),
    )


def _load(file: Path, key: str) -> NDArray[np.generic]:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return np.asarray(arrays[key])
    except KeyError:
        raise BundleError(f"{file} has no array {key!r}; make the bundle again") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise BundleError(f"cannot read {file}: {error}; make the bundle again") from error


def _difference(got: NDArray[np.float32], expected: NDArray[np.generic], file: Path) -> float:
    """The largest absolute difference; not-a-number anywhere counts as infinite."""
    if got.shape != expected.shape:
        raise BundleError(f"{file} expects the shape {expected.shape}, the engine gave {got.shape}")
    largest = float(np.abs(got - expected.astype(np.float32)).max())
    return largest if np.isfinite(largest) else float("inf")
