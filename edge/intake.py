"""Frames become triggers, and wait for their verdicts. Runs in a capture thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from camera.frame import Frame
from edge.channel import Channel, ChannelClosedError
from edge.judge import Work
from edge.ledger import Ledger
from edge.triggers import Finder, Spot


class Intake:
    """Opens a trigger for each find and queues it. One camera, one thread."""

    def __init__(
        self,
        finder: Finder,
        ledger: Ledger,
        frames: Channel[str, Work],
        watch: Callable[[Frame], None] | None = None,
    ) -> None:
        """`watch` sees every frame, triggered or not."""
        self._watch = watch
        self._finder = finder
        self._ledger = ledger
        self._frames = frames

    def take(self, frame: Frame) -> None:
        """Raises ChannelClosedError when the line has stopped."""
        if self._watch is not None:
            self._watch(frame)
        self._queue(self._finder.find(frame))

    def finish(self) -> None:
        """The source has ended or broken off. Raises ChannelClosedError when the line has stopped."""
        self._queue(self._finder.finish())

    def _queue(self, spots: Iterable[Spot]) -> None:
        for spot in spots:
            camera = spot.frame.source
            trigger = self._ledger.open(camera)
            try:
                displaced = self._frames.put(camera, Work(trigger, spot.frame, spot.region))
            except ChannelClosedError:
                self._ledger.drop(trigger, "stopped")
                raise
            if displaced is not None:
                self._ledger.drop(displaced.trigger, "overload")
