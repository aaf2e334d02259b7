"""What is done to every picture of a camera, whatever its kind: undistorted, turned, and given its scale."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from camera.frame import Frame
from camera.source import Source, SourceLost, SourceUriError

Rotation = Literal[0, 90, 180, 270]

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_DISTORTIONS = (4, 5, 8, 12, 14)


class Adjustments(msgspec.Struct, frozen=True):
    """rotate: degrees clockwise, after undistortion. undistort: a lens file (see `read_lens`).

    px_per_mm: how many pixels of the adjusted picture a millimetre on the part is long.
    """

    rotate: Rotation = 0
    undistort: str | None = None
    px_per_mm: float | None = None


class Lens(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A calibrated lens, in OpenCV's model (`cv2.calibrateCamera`): size in px, 3x3 camera matrix in px, distortion."""

    size: tuple[int, int]
    camera_matrix: tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
    distortion: tuple[float, ...]


def adjusted(source: Source, adjustments: Adjustments) -> Source:
    """The source with its pictures adjusted; itself where there is nothing to do. Raises SourceUriError."""
    if adjustments == Adjustments():
        return source
    lens = None if adjustments.undistort is None else read_lens(Path(adjustments.undistort))
    return AdjustedSource(source, adjustments, lens)


def read_lens(path: Path) -> Lens:
    """Read a calibration from TOML or, where its name ends so, JSON. Raises SourceUriError."""
    try:
        read = msgspec.json.decode if path.suffix.lower() == ".json" else msgspec.toml.decode
        lens = read(path.read_bytes(), type=Lens)
    except OSError as error:
        raise SourceUriError(f"the lens file {path} cannot be read: {error.strerror}; check `undistort`") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SourceUriError(
            f"the lens file {path} is not understood ({error}); it has size = [width, height], "
            "camera_matrix (three rows of three) and distortion"
        ) from error
    numbers = [*lens.distortion, *(value for row in lens.camera_matrix for value in row)]
    if min(lens.size) < 1 or len(lens.distortion) not in _DISTORTIONS or not np.isfinite(numbers).all():
        raise SourceUriError(
            f"the lens file {path} describes no lens: size must be positive, "
            f"and distortion have one of {', '.join(map(str, _DISTORTIONS))} finite numbers"
        )
    return lens


class AdjustedSource:
    """Follows `camera.source.Source`."""

    def __init__(self, source: Source, adjustments: Adjustments, lens: Lens | None) -> None:
        self._source = source
        self._adjustments = adjustments
        self._lens = lens
        self._maps: _Maps | None = None

    @property
    def name(self) -> str:
        return self._source.name

    def open(self) -> None:
        self._source.open()

    def read(self, timeout_s: float) -> Frame:
        frame = self._source.read(timeout_s)
        image_HWC = frame.image_HWC if self._lens is None else self._undistorted(frame.image_HWC, self._lens)
        if self._adjustments.rotate:
            image_HWC = np.asarray(cv2.rotate(image_HWC, _TURNS[self._adjustments.rotate]), dtype=np.uint8)
        px_per_mm = self._adjustments.px_per_mm or frame.px_per_mm
        return Frame(image_HWC, frame.seq, frame.captured_ns, frame.wall_ns, frame.source, frame.trigger, px_per_mm)

    def close(self) -> None:
        self._source.close()

    def _undistorted(self, image_HWC: NDArray[np.uint8], lens: Lens) -> NDArray[np.uint8]:
        if self._maps is None or self._maps.shape != image_HWC.shape[:2]:
            self._maps = _Maps(lens, image_HWC.shape[1], image_HWC.shape[0])
        return self._maps.apply(image_HWC)


class _Maps:
    """Where each pixel of the straight picture comes from; made once for a size."""

    def __init__(self, lens: Lens, width: int, height: int) -> None:
        """A picture of another size than the calibrated one may be smaller or larger, not cut. Raises SourceLost."""
        across, down = width / lens.size[0], height / lens.size[1]
        if abs(across - down) > 0.01 * across:
            raise SourceLost(
                f"the lens was calibrated for pictures of {lens.size[0]}x{lens.size[1]}, which {width}x{height} is not "
                "a scaled version of; calibrate it for this size, or set the camera's size"
            )
        self.shape = (height, width)
        matrix = np.array(lens.camera_matrix) * [[across], [down], [1.0]]
        self._maps = cv2.initUndistortRectifyMap(
            matrix, np.array(lens.distortion), np.eye(3), matrix, (width, height), cv2.CV_16SC2
        )

    def apply(self, image_HWC: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(cv2.remap(image_HWC, *self._maps, cv2.INTER_LINEAR), dtype=np.uint8)
