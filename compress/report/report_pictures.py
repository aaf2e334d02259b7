"""Pictures of the report: thumbnails, and thumbnails under the map that the model drew."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from numpy.typing import NDArray

from compress.data.images import read_image
from compress.errors import DataError
from compress.report.page import jpeg_uri, shrunk
from compress.report.record import Mistake

_DEEPEST = 0.65  # how far the map covers the picture where it is surest


def thumbnail(data_root: Path, relative: str) -> str | None:
    """A small JPEG as a data URI; None where the picture is missing, damaged, or not below data_root."""
    image_HWC = _read_small(data_root, relative)
    return None if image_HWC is None else jpeg_uri(image_HWC)


def overlay(data_root: Path, mistake: Mistake) -> str | None:
    """The thumbnail with the defect map over it, warm where the model saw a defect; None where either is missing."""
    image_HWC = _read_small(data_root, mistake.path)
    map_HW = cv2.imdecode(np.frombuffer(mistake.map_png, np.uint8), cv2.IMREAD_GRAYSCALE) if mistake.map_png else None
    if image_HWC is None or map_HW is None:
        return None
    return jpeg_uri(under_map(image_HWC, np.asarray(map_HW, np.uint8)))


def under_map(image_HWC: NDArray[np.uint8], map_HW: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (BGR) with a map of 0 to 255 over it: nothing at 0, ever more of a warm colour above."""
    height, width = image_HWC.shape[:2]
    level_HW = cv2.resize(map_HW, (width, height), interpolation=cv2.INTER_LINEAR)
    warm_HWC = cv2.applyColorMap(level_HW, cv2.COLORMAP_INFERNO)
    share_HW1 = _DEEPEST * level_HW[..., None].astype(np.float32) / 255
    return np.asarray(image_HWC * (1 - share_HW1) + warm_HWC * share_HW1 + 0.5, np.uint8)


def _read_small(data_root: Path, relative: str) -> NDArray[np.uint8] | None:
    pure = PurePosixPath(relative)
    if pure.is_absolute() or ".." in pure.parts or "\0" in relative:
        return None
    try:
        return shrunk(read_image(data_root / pure))
    except DataError:
        return None
