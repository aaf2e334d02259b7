"""The frames of a camera, and what of them is judged. Runs in its capture thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from camera.frame import Frame
from edge.line.admission import Admission
from edge.line.frozen import Frozen
from edge.line.plan import CameraPlan
from edge.line.triggers import Finder, Spot


class Intake:
    """Finds the spots that are due and has them admitted. One camera, one thread."""

    def __init__(
        self, camera: CameraPlan, finder: Finder, admission: Admission, watch: Callable[[Frame], None] | None
    ) -> None:
        """finder: as `finder_of` the camera. `watch` sees every frame, triggered or not."""
        self._finder = finder
        self._admission = admission
        self._watch = watch
        self._check_quality = camera.check_quality
        self._frozen = None if camera.frozen_ms is None else Frozen(camera.frozen_ms)
        self._is_frozen = False
        self._deadline_ns = None if camera.deadline_ms is None else round(camera.deadline_ms * 1e6)

    def take(self, frame: Frame) -> None:
        """Raises ChannelClosedError when the line has stopped."""
        if self._watch is not None:
            self._watch(frame)
        if self._frozen is not None:
            self._is_frozen = self._frozen.feed(frame)
        self._admit(self._finder.find(frame), frame.captured_ns)

    def finish(self) -> None:
        """The source has ended or broken off. Raises ChannelClosedError when the line has stopped."""
        self._admit(self._finder.finish(), time.monotonic_ns())

    def _admit(self, spots: Iterable[Spot], set_off_ns: int) -> None:
        """set_off_ns: the capture of the picture that set them off, from which their deadline counts."""
        due_ns = None if self._deadline_ns is None else set_off_ns + self._deadline_ns
        for spot in spots:
            if spot.unfit is not None and not self._check_quality:
                continue
            known = replace(spot, unfit="frozen") if self._is_frozen else spot
            self._admission.admit(known, self._check_quality, due_ns)
