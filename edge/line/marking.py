"""What a person says of a verdict, looked at before it is put on its way: is there such a verdict, such a class?

A verdict stands as it is; a mark refers to it. It goes through the outbox to the writer, behind the verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.errors import EdgevlError
from edge.line.channel import ChannelClosedError
from edge.line.outbox import Marked
from edge.messages import LONGEST_NAME, LONGEST_NOTE, Truth, Verdict, VerdictMark
from edge.store.history import History
from edge.verdict import UNKNOWN_DEFECT


class MarkError(EdgevlError):
    """A verdict cannot be marked so; one sentence for whoever wanted to."""


class UnknownVerdictError(MarkError):
    """There is no such verdict."""


@dataclass(frozen=True, slots=True)
class MarkWish:
    """As a person or a program has it: fields as in `VerdictMark`, `verdict` an id; nothing is checked yet."""

    verdict: str
    truth: Truth | None
    class_name: str | None = None
    note: str = ""
    by: str = ""


class Marking:
    """Checks marks and sends them on. Safe from any thread."""

    def __init__(self, history: History, defects: Sequence[str], put: Callable[[Marked], None]) -> None:
        """defects: the classes that may be named. put: into the outbox; may raise ChannelClosedError."""
        self._history = history
        self._defects = defects
        self._put = put

    def mark(self, wish: MarkWish, reply: Callable[[VerdictMark | str], None]) -> None:
        """`reply` is called once, from the writer's thread: see `Marked`. Raises MarkError, sqlite3.Error."""
        stored = self._history.verdict(wish.verdict)
        if stored is None:
            raise UnknownVerdictError(f"the history has no verdict {wish.verdict!r}")
        if wish.truth is None and stored.mark is None:
            raise MarkError(f"the verdict {wish.verdict} has no mark that could be withdrawn")
        _require_sound(wish, stored.verdict, self._defects)
        note, by = one_line(wish.note, "note", LONGEST_NOTE), one_line(wish.by, "name", LONGEST_NAME)
        try:
            self._put(Marked(stored.verdict, wish.truth, wish.class_name, note, by, reply))
        except ChannelClosedError:
            raise MarkError("the line is being stopped; mark the part when it runs again") from None


def one_line(text: str, what: str, longest: int) -> str:
    """Plain text on one line: what cannot be printed, control and direction characters too, becomes a space.

    Raises MarkError where it is too long.
    """
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(plain) > longest:
        raise MarkError(f"a {what} has at most {longest} characters, and this one has {len(plain):,}; shorten it")
    return plain


def _require_sound(wish: MarkWish, verdict: Verdict, defects: Sequence[str]) -> None:
    if wish.class_name is not None and wish.truth != "defect":
        raise MarkError('a class is named of a defect only; leave out class_name, or write "truth": "defect"')
    if wish.class_name is not None and wish.class_name not in defects:
        known = ", ".join(defects) or "none"
        raise MarkError(
            f"this line knows no defect {wish.class_name!r}; name one that it knows ({known}), "
            "or leave out class_name for another defect"
        )
    if says(verdict, wish.truth, wish.class_name):
        raise MarkError(f"the verdict {verdict.id} already says so; mark only what is wrong")


def says(verdict: Verdict, truth: Truth | None, class_name: str | None) -> bool:
    """Whether this is what the verdict says anyway: good, this defect, or the unknown one for None."""
    if truth == "good":
        return verdict.status == "OK"
    named = class_name or UNKNOWN_DEFECT.name
    return truth == "defect" and verdict.status == "NG" and verdict.class_name == named
