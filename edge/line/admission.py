"""A spot becomes a trigger, and waits for its verdict. Runs in the capture threads."""

from __future__ import annotations

from collections.abc import Callable

from edge.line.answers import Answers
from edge.line.channel import Channel, ChannelClosedError
from edge.line.deadline import Deadlines
from edge.line.judge import Work, prepared
from edge.line.ledger import Ledger
from edge.line.recipes import Recipe
from edge.line.triggers import Spot


class Admission:
    """Opens a trigger for each spot and queues it for the inspection. Safe from any thread."""

    def __init__(
        self,
        ledger: Ledger,
        answers: Answers,
        deadlines: Deadlines,
        frames: Channel[str, Work],
        recipe_of: Callable[[str], Recipe],
    ) -> None:
        """recipe_of: by what a camera's next trigger is judged."""
        self._ledger = ledger
        self._answers = answers
        self._deadlines = deadlines
        self._frames = frames
        self._recipe_of = recipe_of

    def admit(self, spot: Spot, check_quality: bool, due_ns: int | None) -> None:
        """check_quality: see `Work`. due_ns: when it is answered at the latest, None for no limit.

        Raises ChannelClosedError when the line has stopped; the trigger is then a drop.
        """
        camera = spot.frame.source
        recipe = self._recipe_of(camera)
        trigger = self._ledger.open(camera)
        work = Work(trigger, spot.frame, spot.region, recipe, unfit=spot.unfit, check_quality=check_quality)
        self._answers.expect(work)
        if due_ns is not None:
            self._deadlines.watch(trigger, due_ns)
        try:
            displaced = self._frames.put(camera, prepared(work))
        except ChannelClosedError:
            self._answers.withdraw(trigger, "stopped")
            raise
        if displaced is not None:
            self._answers.withdraw(displaced.trigger, "overload")
