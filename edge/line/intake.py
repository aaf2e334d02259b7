"""Frames become triggers, and wait for their verdicts. Runs in a capture thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from camera.frame import Frame
from edge.line.answers import Answers
from edge.line.channel import Channel, ChannelClosedError
from edge.line.deadline import Deadlines
from edge.line.frozen import Frozen
from edge.line.judge import Work, prepared
from edge.line.ledger import Ledger
from edge.line.recipes import Recipe
from edge.line.triggers import Finder, Spot
from edge.verdict import Reason


class Intake:
    """Opens a trigger for each find and queues it. One camera, one thread."""

    def __init__(
        self,
        finder: Finder,
        ledger: Ledger,
        answers: Answers,
        frames: Channel[str, Work],
        recipe_of: Callable[[str], Recipe],
        watch: Callable[[Frame], None] | None = None,
        check_quality: bool = True,
        frozen: Frozen | None = None,
    ) -> None:
        """recipe_of: by what a camera's next trigger is judged. `watch` sees every frame, triggered or not.

        check_quality: whether unfit pictures are told from others. frozen: tells repeated ones, where they are unfit.
        """
        self._recipe_of = recipe_of
        self._frozen = frozen
        self._is_frozen = False
        self._check_quality = check_quality
        self._watch = watch
        self._finder = finder
        self._ledger = ledger
        self._answers = answers
        self._frames = frames
        self._deadlines: Deadlines | None = None
        self._deadline_ns = 0

    def keep_deadline(self, deadlines: Deadlines, deadline_ms: float) -> None:
        """From now on each trigger is due so long after the capture of the picture that set it off."""
        self._deadlines = deadlines
        self._deadline_ns = round(deadline_ms * 1e6)

    def take(self, frame: Frame) -> None:
        """Raises ChannelClosedError when the line has stopped."""
        if self._watch is not None:
            self._watch(frame)
        if self._frozen is not None:
            self._is_frozen = self._frozen.feed(frame)
        self._queue(self._finder.find(frame), frame.captured_ns)

    def finish(self) -> None:
        """The source has ended or broken off. Raises ChannelClosedError when the line has stopped."""
        self._queue(self._finder.finish(), time.monotonic_ns())

    def _queue(self, spots: Iterable[Spot], set_off_ns: int) -> None:
        for spot in spots:
            unfit: Reason | None = "frozen" if self._is_frozen else spot.unfit
            if spot.unfit is not None and not self._check_quality:
                continue
            camera = spot.frame.source
            recipe = self._recipe_of(camera)
            trigger = self._ledger.open(camera)
            work = Work(trigger, spot.frame, spot.region, recipe, unfit=unfit, check_quality=self._check_quality)
            self._answers.expect(work)
            if self._deadlines is not None:
                self._deadlines.watch(trigger, set_off_ns + self._deadline_ns)
            try:
                displaced = self._frames.put(camera, prepared(work))
            except ChannelClosedError:
                self._answers.withdraw(work.trigger, "stopped")
                raise
            if displaced is not None:
                self._answers.withdraw(displaced.trigger, "overload")
