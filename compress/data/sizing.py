"""How large the student's input must be: the shape of the pictures, and small defects still some pixels wide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from compress.data.dataset import Dataset, Sample
from compress.data.images import read_image
from compress.data.masks import defect_mask
from edge.bundle.manifest import InputSpec

SizeName = Literal["S", "M", "L"]

AREAS: Mapping[SizeName, int] = {"S": 128 * 128, "M": 192 * 192, "L": 256 * 256}
SMALLEST_PX = 6.0  # a defect narrower than this on the model's input is gone after the first two layers
_COVERED = 0.9
_MULTIPLE = 16  # the stride of the last layer
_PICTURES = 200
_CRUMB = 0.1


def choose_input(dataset: Dataset, seed: int, wanted: SizeName | None = None) -> tuple[InputSpec, str]:
    """The input size for a data set, and a clause that says why.

    The picture's usual shape is kept. The area is the one `wanted`, else the smallest of S, M, L at which nine of ten
    marked defects keep a side of at least six pixels. Where nobody marked defects they may be small: M, and L where
    none is known at all, but no larger than the pictures themselves.
    """
    train = dataset.of("train")
    rng = np.random.default_rng(seed)
    some = [train[i] for i in rng.permutation(len(train))[:_PICTURES]]
    sizes = {s.name: read_image(s.path).shape[:2] for s in some}
    ratio = float(np.median([h / w for h, w in sizes.values()]))
    shares = np.array([share for s in some for share in _defect_shares(s, *sizes[s.name])])
    specs = {name: _spec(area, ratio) for name, area in AREAS.items()}
    if wanted is not None:
        return specs[wanted], f"size {wanted}, as asked for"
    if not len(shares):
        area = float(np.median([h * w for h, w in sizes.values()]))
        name = _for_unmarked(dataset.only_good, area)
        return specs[name], f"size {name}, the pictures' own shape; nobody marked defects, so they may be small"
    name = next((name for name, spec in specs.items() if _kept(shares, spec) >= _COVERED), "L")
    kept = f"{_kept(shares, specs[name]):.0%} of marked defects stay at least {SMALLEST_PX:.0f} px wide"
    return specs[name], f"size {name}, the pictures' own shape; {kept}"


def usual_size(dataset: Dataset, seed: int) -> InputSpec:
    """The usual height and width in pixels of the pictures of train, as they are on disk."""
    train = dataset.of("train")
    chosen = np.random.default_rng(seed).permutation(len(train))[:_PICTURES]
    sizes = [read_image(train[i].path).shape[:2] for i in chosen]
    return InputSpec(*(round(float(side)) for side in np.median(sizes, axis=0)))


def _for_unmarked(only_good: bool, area: float) -> SizeName:
    """area: of the pictures, in pixels; enlarging them would show nothing new."""
    names: tuple[SizeName, ...] = ("L", "M") if only_good else ("M",)
    return next((name for name in names if AREAS[name] <= area), "S")


def _kept(shares: NDArray[np.floating], spec: InputSpec) -> float:
    """The share of marked defects that stay wide enough."""
    return float(np.mean(shares * np.sqrt(spec.height * spec.width) >= SMALLEST_PX))


def _spec(area: int, ratio: float) -> InputSpec:
    """height / width = ratio, at about that area, both multiples of the last layer's stride."""
    ratio = min(max(ratio, 0.25), 4.0)
    height, width = (area * ratio) ** 0.5, (area / ratio) ** 0.5
    return InputSpec(*(max(_MULTIPLE, _MULTIPLE * round(side / _MULTIPLE)) for side in (height, width)))


def _defect_shares(sample: Sample, height: int, width: int) -> list[float]:
    """The side of each marked defect as a share of the picture's (both as roots of areas)."""
    areas = [box.area for box in sample.boxes] + [polygon.area for polygon in sample.polygons]
    if sample.mask_path or sample.runs:
        areas = _areas(defect_mask(sample, height, width))
    return [float(np.sqrt(max(0.0, area) / (height * width))) for area in areas]


def _areas(mask_HW: NDArray[np.bool_] | None) -> list[float]:
    """The areas of a mask's pieces in pixels; specks beside larger ones are crumbs of the drawing, no defects."""
    if mask_HW is None or not mask_HW.any():
        return []
    _, _, stats_N5, _ = cv2.connectedComponentsWithStats(mask_HW.astype(np.uint8))
    areas_N = stats_N5[1:, cv2.CC_STAT_AREA].astype(float)
    return [float(area) for area in areas_N if area >= _CRUMB * areas_N.max()]
