"""Which pictures are kept, and what of a map is."""

from __future__ import annotations

import cv2
import numpy as np

from camera.frame import Frame
from edge.line.pictures import KEPT_PER_S, Allowance, encode_map
from tests.bundles import flat


def test_a_burst_of_ng_pictures_is_kept_and_a_flood_is_thinned() -> None:
    """Ten at once, then ten a second, for each camera by itself; what is left out is counted."""
    allowance = Allowance()

    def granted(camera: str, frames: int, fps: int, begin_s: int = 0) -> int:
        times_ns = [begin_s * 10**9 + i * 10**9 // fps for i in range(frames)]
        return sum(allowance.grants(Frame(flat(0), i, t, t, camera)) for i, t in enumerate(times_ns))

    assert granted("slow", 100, fps=KEPT_PER_S) == 100
    assert granted("flood", KEPT_PER_S, fps=10**6) == KEPT_PER_S
    assert granted("flood", 500, fps=100, begin_s=10) in range(KEPT_PER_S + 49, KEPT_PER_S + 52)
    assert allowance.refused in range(439, 442)


def test_a_map_keeps_its_size_and_its_levels_to_a_255th() -> None:
    """What lies beyond 0..1, or is no number, is brought inside."""
    map_HW = np.array([[0.0, 0.25, 1.0], [-1.0, 7.0, np.nan]], np.float32)
    grey_HW = cv2.imdecode(np.frombuffer(encode_map(map_HW), np.uint8), cv2.IMREAD_UNCHANGED)
    assert grey_HW is not None
    assert grey_HW.dtype == np.uint8
    assert grey_HW.tolist() == [[0, 64, 255], [0, 255, 0]]
