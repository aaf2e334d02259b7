"""How many spoilt pictures the quality gate tells, and how many good ones it holds up, on labelled pictures of yours.

    python -m benchmarks.quality DATA [DATA ...] [--side 128]

The limits are learnt from each data set's train split, as `edgevl compress` does; clean are its val and test splits.
They are spoilt at full size, before they become a model input of `--side` pixels.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from compress.data.dataset import read_dataset
from compress.data.images import read_image
from edge.bundle.manifest import InputSpec
from edge.inspection.preprocess import model_input
from edge.quality import QualityLimits, limits_of, measure, unfit

Image = NDArray[np.uint8]
Spoil = Callable[[Image], Image]
_SEED = 0
_SPLITS = (("train",), ("val", "test"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--side", type=int, default=128)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    spec = InputSpec(arguments.side, arguments.side)
    for root in arguments.data:
        dataset = read_dataset(root)
        train, clean = ([read_image(s.path) for s in dataset.samples if s.split in splits] for splits in _SPLITS)
        limits = limits_of([measure(model_input(image_HWC, spec)) for image_HWC in train])
        Console().print(_table(root, train, clean, limits, spec))


def _table(root: Path, train: Sequence[Image], clean: Sequence[Image], limits: QualityLimits, spec: InputSpec) -> Table:
    ms = _milliseconds(clean, spec)
    title = f"{root.name}: limits from {len(train)} pictures, held against {len(clean)}; {ms:.3f} ms a picture"
    table = Table("picture", "held up", "as", title=title)
    for name, spoil in {"clean": _same, **_spoils()}.items():
        reasons = [unfit(measure(model_input(spoil(image_HWC), spec)), limits) for image_HWC in clean]
        told = [reason for reason in reasons if reason is not None]
        counts = ", ".join(f"{reason} {told.count(reason)}" for reason in sorted(set(told)))
        table.add_row(name, f"{len(told) / len(reasons):.2%}", counts)
    return table


def _milliseconds(images: Sequence[Image], spec: InputSpec) -> float:
    inputs = [model_input(image_HWC, spec) for image_HWC in images]
    begin = time.perf_counter()
    for image_HWC in inputs:
        measure(image_HWC)
    return (time.perf_counter() - begin) / len(inputs) * 1e3


def _spoils() -> dict[str, Spoil]:
    rng = np.random.default_rng(_SEED)
    blurs = {f"gaussian blur, sigma {s} px": _gaussian(s) for s in (2, 4, 8)}
    motions = {
        f"motion blur, {w if w > 1 else h} px {'along rows' if w > 1 else 'along columns'}": _box(w, h)
        for w, h in ((9, 1), (21, 1), (41, 1), (1, 21), (1, 41))
    }
    exposures = {f"exposure x {factor:g}": _exposed(factor) for factor in (0.2, 0.5, 2.0, 4.0)}
    covered = {
        f"covered lens, {word}": _covered(rng, level, noise)
        for word, level, noise in (("dark", 8, 3), ("grey", 110, 6), ("bright", 235, 3))
    }
    return {**blurs, **motions, **exposures, **covered}


def _same(image_HWC: Image) -> Image:
    return image_HWC


def _gaussian(sigma: float) -> Spoil:
    return lambda image_HWC: np.asarray(cv2.GaussianBlur(image_HWC, (0, 0), sigma), np.uint8)


def _box(width: int, height: int) -> Spoil:
    return lambda image_HWC: np.asarray(cv2.blur(image_HWC, (width, height)), np.uint8)


def _exposed(factor: float) -> Spoil:
    return lambda image_HWC: np.clip(image_HWC * factor, 0, 255).astype(np.uint8)


def _covered(rng: np.random.Generator, level: float, noise: float) -> Spoil:
    return lambda image_HWC: np.clip(rng.normal(level, noise, image_HWC.shape), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
