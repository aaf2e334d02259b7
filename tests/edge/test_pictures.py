"""Which pictures are kept."""

from __future__ import annotations

from camera.frame import Frame
from edge.pictures import KEPT_PER_S, Allowance
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
