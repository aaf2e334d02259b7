"""One topic followed without a gap: which message is due, what to ask for, what is missing. No sockets, no clock."""

from __future__ import annotations

from collections.abc import Iterable

from edge.messages import Message
from edge.requests.messages import Mark, ReplayAnswer, ReplayRequest

# A number may be stored a moment after the one behind it; so often we ask before it counts as missing.
GAP_TRIES = 4
# Live messages that wait for older ones; those beyond come from the store.
_MOST_HELD = 2000


class Follower:
    """Feed it what comes; it returns what is due, each message once and in order.

    at: the next message wanted; None: whatever is the oldest that is kept. behind: there is something to ask for.
    """

    def __init__(self, topic: str, at: Mark | None) -> None:
        self.topic = topic
        self.at = at
        self.behind = True
        self.tries = 0
        self.missing = self.unknown_gaps = self.duplicates = self.repaired = 0
        self._held: dict[Mark, Message] = {}
        self._told: Mark | None = None
        self._past: set[str] = set()

    def request(self) -> ReplayRequest:
        return ReplayRequest(self.topic, self.at, id=self.topic[:300])

    def live(self, message: Message) -> list[Message]:
        """A message of the live feed."""
        mark = Mark(message.epoch, message.number)
        if self._is_behind_us(mark):
            self.duplicates += 1
            return []
        if mark == self.at and not self.behind:
            return [self._pass(message)]
        if len(self._held) < _MOST_HELD:
            self._held[mark] = message
        self.behind = True
        return []

    def told(self, newest: Mark) -> None:
        """A heartbeat named the newest message that was published."""
        if not self._is_behind_us(newest):
            self._told = newest
            self.behind = True

    def page(self, answer: ReplayAnswer, messages: Iterable[Message]) -> list[Message]:
        """The answer to `request`. Afterwards `behind` says whether to ask again; with `tries`, only after a while."""
        due: list[Message] = []
        if not answer.known:
            self.unknown_gaps += 1
            self._move(answer.next)
        for message in messages:
            if self.at is None or self._is_behind_us(Mark(message.epoch, message.number)):
                continue
            if message.number > self.at.number and not self._gives_up():
                return due
            self.missing += message.number - self.at.number
            self.repaired += 1
            due.append(self._pass(message))
        if answer.next is not None:
            self._move(answer.next)
            return due
        return due + self._caught_up()

    def _caught_up(self) -> list[Message]:
        """The store has nothing further: now what was held back, and what even the store has lost."""
        due: list[Message] = []
        while (mark := self._next_known()) is not None:
            if mark != self.at:
                if not self._gives_up():
                    return due
                self._skip_to(mark)
            if mark not in self._held:
                # Only told of: it was published, and nobody has it.
                self.missing += 1
                self.at = Mark(mark.epoch, mark.number + 1)
                continue
            due.append(self._pass(self._held[mark]))
        self.behind, self.tries = False, 0
        return due

    def _next_known(self) -> Mark | None:
        """The first of those held or told of that is still to come; in our epoch first."""
        told = [] if self._told is None else [self._told]
        self._held = {mark: held for mark, held in self._held.items() if not self._is_behind_us(mark)}
        ahead = [mark for mark in (*self._held, *told) if not self._is_behind_us(mark)]
        ours = self.at.epoch if self.at else ""
        return min(ahead, key=lambda mark: (mark.epoch != ours, mark.epoch, mark.number), default=None)

    def _gives_up(self) -> bool:
        """Whether a gap has been asked for often enough."""
        self.tries += 1
        return self.tries > GAP_TRIES

    def _skip_to(self, mark: Mark) -> None:
        first = self.at.number if self.at is not None and self.at.epoch == mark.epoch else 0
        self.missing += mark.number - first
        self._move(mark)

    def _pass(self, message: Message) -> Message:
        self._held.pop(Mark(message.epoch, message.number), None)
        self._move(Mark(message.epoch, message.number + 1))
        self.tries = 0
        return message

    def _move(self, mark: Mark | None) -> None:
        if self.at is not None and (mark is None or mark.epoch != self.at.epoch):
            self._past.add(self.at.epoch)
        self.at = mark

    def _is_behind_us(self, mark: Mark) -> bool:
        if self.at is not None and mark.epoch == self.at.epoch:
            return mark.number < self.at.number
        return mark.epoch in self._past
