"""One topic followed without a gap, whatever is lost on the way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.client.follower import GAP_TRIES, Follower
from edge.messages import Message
from edge.requests.messages import Mark, ReplayAnswer
from tests.edge.feed_double import GOOD, Origin, verdict_of

TOPIC = "verdict/steel/belt"


def message(epoch: str, number: int) -> Message:
    return verdict_of(GOOD, Origin(epoch, number=number), (8, 8))


def marks(messages: list[Message]) -> list[tuple[str, int]]:
    return [(m.epoch, m.number) for m in messages]


class Shelf:
    """A store in memory that answers in small pages, as the line does."""

    def __init__(self) -> None:
        self.epochs: dict[str, list[Message]] = {}

    def keep(self, new: Message) -> None:
        self.epochs.setdefault(new.epoch, []).append(new)

    def answer(self, follower: Follower, page: int) -> list[Message]:
        at, names = follower.request().start, list(self.epochs)
        if at is None or at.epoch not in names:
            oldest = Mark(names[0], 0) if names else None
            return follower.page(ReplayAnswer(TOPIC, 0, at is None, oldest), [])
        found = [m for m in self.epochs[at.epoch] if m.number >= at.number]
        if len(found) > page:
            return follower.page(ReplayAnswer(TOPIC, page, True, Mark(at.epoch, found[page].number)), found[:page])
        later = names[names.index(at.epoch) + 1 :]
        return follower.page(ReplayAnswer(TOPIC, len(found), True, Mark(later[0], 0) if later else None), found)


@given(
    arrivals=st.lists(st.sampled_from(["live", "lost", "twice", "restart", "beat", "ask"]), max_size=60),
    page=st.integers(1, 4),
)
def test_every_message_comes_once_and_in_order(arrivals: list[str], page: int) -> None:
    """Lost, doubled, before and after restarts, asked for at any moment: nothing is missing in the end."""
    follower, shelf = Follower(TOPIC, None), Shelf()
    published: list[tuple[str, int]] = []
    came: list[Message] = []
    epoch, number = "e0", 0
    for arrival in arrivals:
        if arrival == "restart":
            epoch, number = f"e{int(epoch[1:]) + 1}", 0
        elif arrival == "beat" and number:
            follower.told(Mark(epoch, number - 1))
        elif arrival == "ask":
            came += shelf.answer(follower, page)
        elif arrival in ("live", "lost", "twice"):
            new = message(epoch, number)
            shelf.keep(new)
            published.append((epoch, number))
            number += 1
            for _ in range({"live": 1, "lost": 0, "twice": 2}[arrival]):
                came += follower.live(new)
    follower.behind = True
    while follower.behind:
        came += shelf.answer(follower, page)
    assert marks(came) == published
    assert (follower.missing, follower.unknown_gaps) == (0, 0)


def test_what_nobody_has_is_missing() -> None:
    """A number that neither came nor is stored counts, after it has been asked for a few times."""
    follower, shelf = Follower(TOPIC, Mark("e0", 0)), Shelf()
    for number in (0, 3):
        shelf.keep(message("e0", number))
    came = [m for _ in range(GAP_TRIES + 1) for m in shelf.answer(follower, 10)]
    assert marks(came) == [("e0", 0), ("e0", 3)]
    assert (follower.missing, follower.behind) == (2, False)


def test_what_is_published_but_not_stored_is_passed_on() -> None:
    """A full disk: the verdicts come live only, and still each comes once."""
    follower, shelf = Follower(TOPIC, Mark("e0", 0)), Shelf()
    shelf.epochs["e0"] = []
    came = [*follower.live(message("e0", 0)), *follower.live(message("e0", 1))]
    came += shelf.answer(follower, 10)
    came += [*follower.live(message("e0", 2))]
    follower.told(Mark("e0", 2))
    while follower.behind:
        came += shelf.answer(follower, 10)
    assert marks(came) == [("e0", 0), ("e0", 1), ("e0", 2)]
    assert follower.missing == 0


def test_a_late_number_is_waited_for() -> None:
    """A verdict stored a moment after the one behind it is not missing, and keeps its place."""
    follower, shelf = Follower(TOPIC, Mark("e0", 0)), Shelf()
    shelf.keep(message("e0", 1))
    came = shelf.answer(follower, 10)
    shelf.epochs["e0"].insert(0, message("e0", 0))
    came += shelf.answer(follower, 10)
    assert marks(came) == [("e0", 0), ("e0", 1)]
    assert follower.missing == 0


def test_a_store_that_was_lost_is_a_gap_of_unknown_length() -> None:
    """The epoch where we stopped is not known any more: that is said, and the rest comes."""
    follower, shelf = Follower(TOPIC, Mark("gone", 7)), Shelf()
    shelf.keep(message("e1", 0))
    came = [*shelf.answer(follower, 10), *shelf.answer(follower, 10)]
    assert marks(came) == [("e1", 0)]
    assert follower.unknown_gaps == 1
