"""Which frames become pictures: kept beside their verdicts, or shown to whoever watches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from camera.frame import Frame
from edge.line.picture_rates import PictureRates
from edge.line.pictures import Allowance, Keep, PictureLane, PicturePlan, Show, new_picture_queue
from edge.messages import Verdict


class Shutter:
    """Says when a camera's next live picture is due. One thread at a time."""

    def __init__(self, rates: PictureRates) -> None:
        self._rates = rates
        self._shown_ns: dict[str, int] = {}

    def is_due(self, frame: Frame) -> bool:
        """True at most as many times a second as somebody wants of its camera."""
        hz = self._rates.hz(frame.source)
        shown_ns = self._shown_ns.get(frame.source)
        if not hz or (shown_ns is not None and frame.captured_ns < shown_ns + int(1e9 / hz)):
            return False
        self._shown_ns[frame.source] = frame.captured_ns
        return True


class PictureChoice:
    """Puts the chosen frames into `queue`, for the picture thread. rates: how many live pictures each camera sends."""

    def __init__(self, cameras: Sequence[str], plan: PicturePlan) -> None:
        self.queue = new_picture_queue(cameras)
        self.rates = PictureRates(plan.live_hz)
        self._keep = plan.keep
        self._shutter = Shutter(self.rates)
        self._allowance = Allowance()
        self._choosing = threading.Lock()

    def of_verdict(self, frame: Frame, verdict: Verdict, map_HW: NDArray[np.float32] | None) -> None:
        """Several threads may ask: the inspection's and the deadlines'."""
        with self._choosing:
            kept = self._keep and verdict.status != "OK" and self._allowance.grants(frame)
            shown = self._shutter.is_due(frame)
        if kept:
            self.queue.put(PictureLane("keep", frame.source), Keep(frame, verdict, map_HW))
        if shown:
            self.queue.put(PictureLane("show", frame.source), Show(frame, verdict.id))

    def watcher(self) -> Callable[[Frame], None]:
        """For one camera: shows frames without a verdict, for where parts are rare the belt should be seen to move."""
        shutter = Shutter(self.rates)

        def show(frame: Frame) -> None:
            if shutter.is_due(frame):
                self.queue.put(PictureLane("show", frame.source), Show(frame, None))

        return show

    def skipped(self) -> int:
        """How many pictures of NG and UNDECIDED parts were not kept because there were too many."""
        lanes = self.queue.statistics().items()
        return self._allowance.refused + sum(lane.dropped for key, lane in lanes if key.purpose == "keep")
