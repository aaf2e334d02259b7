"""What the request socket answers from, as functions of the line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edge.feed.publisher import Publisher
from edge.line.marking import MarkError, MarkWish
from edge.line.recipes import Progress
from edge.messages import Verdict, VerdictMark
from edge.reports.handover import Ask, Asked
from edge.requests.replay import Replay
from edge.search.asked import Told, Wish


def _finds_nothing(_verdict_id: str) -> None:
    """Of a line without a history."""


def _answers_nothing(_question: Ask, reply: Callable[[Asked | str], None]) -> None:
    """Of a line that answers no questions."""
    reply("this line answers no questions")


def _searches_nothing(_wish: Wish, reply: Callable[[Told | str], None]) -> None:
    """Of a line without a history."""
    reply("this line cannot be searched")


def _marks_nothing(_wish: MarkWish, _reply: Callable[[VerdictMark | str], None]) -> None:
    """Of a line without a history."""
    raise MarkError("this line keeps no verdicts that could be marked")


@dataclass(frozen=True, slots=True)
class Desk:
    """What the socket answers from.

    trigger(camera, identity): raises RequestError. pictures(camera, holder, hz, seconds) -> hz: raises KeyError for a
    camera that is none, and TooManyLeasesError. recipe(product, camera): raises RecipeError. find(id): a
    stored verdict with the one before it. ask(question, reply), search(wish, reply) and mark(wish, reply), which may
    raise MarkError: answered later, from any thread. open_replay and find are called in the socket's thread.
    """

    line: str
    epoch: str
    publisher: Publisher
    open_replay: Callable[[], Replay]
    trigger: Callable[[str, str], None]
    pictures: Callable[[str, bytes, float, float], float]
    recipe: Callable[[str, str | None], Progress]
    find: Callable[[str], tuple[Verdict, Verdict | None] | None] = _finds_nothing
    ask: Callable[[Ask, Callable[[Asked | str], None]], None] = _answers_nothing
    search: Callable[[Wish, Callable[[Told | str], None]], None] = _searches_nothing
    mark: Callable[[MarkWish, Callable[[VerdictMark | str], None]], None] = _marks_nothing
