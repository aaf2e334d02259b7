"""Whether parts are as large, in pixels, as the pictures that the bundle learned from."""

from __future__ import annotations

from math import sqrt

from edge.bundle.manifest import Manifest
from edge.geometry import Region
from edge.inspection.tiles import Tiling

# So much larger or smaller, and what a part looks like after it was resized is noticeably sharper or softer.
_ALIKE = 1.25


def unlike_training(region: Region, tiling: Tiling | None, manifest: Manifest) -> str | None:
    """What to say where a view has another resolution than the training pictures; None where it has about the same."""
    trained = manifest.trained_on
    if trained is None:
        return None
    width, height = (region.w, region.h) if tiling is None else (tiling.width, tiling.height)
    times = sqrt(width * height / (trained.width * trained.height))
    if 1 / _ALIKE <= times <= _ALIKE:
        return None
    return (
        f"parts are {width}x{height} pixels here, and the pictures that {manifest.name} learned from were "
        f"{trained.width}x{trained.height}: once resized they look sharper or softer, and good ones may be NG; "
        "learn from pictures as this camera takes them, or give it their resolution"
    )
