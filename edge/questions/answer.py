"""The answer to a question that was understood: from what the verdict says of its part, and nothing else.

So an answer cannot contradict the verdict. What the verdict does not say is not guessed: "I cannot tell".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edge.language.grammar.languages import language_of
from edge.language.grammar.slots import counted
from edge.language.state import facts_of
from edge.messages import Verdict
from edge.questions.mentions import Language
from edge.questions.part import Part, Spot, largest
from edge.questions.reader import Kind
from edge.questions.sentences import SENTENCES
from edge.questions.words import Place

# What an answer says, for programs: yes or no, a number, a class, thirds of the part, or width and height in pixels.
Value = bool | int | str | tuple[tuple[int, int], ...] | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A question, understood. The fields as in `edge.questions.mentions.Mentions`.

    negated: it asks for what is not there, so that "yes" and "no" would be misread.
    """

    kind: Kind
    classes: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    any_defect: bool = False
    place: frozenset[Place] = frozenset()
    near: str | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """An answer. told: False where it is "I cannot tell"."""

    text: str
    value: Value = None
    told: bool = True


class Answerer:
    """Answers in one language about one part. titles: per class name what to call it in that language."""

    def __init__(self, part: Part, previous: Part | None, titles: Mapping[str, str], language: Language) -> None:
        self._part = part
        self._previous = previous
        self._titles = titles
        self._say = SENTENCES[language]
        self._words = language_of(language)

    def answer(self, wish: Wish) -> Told:
        """The answer to a question of any kind but `follow`, which stands for another one."""
        match wish.kind:
            case "status":
                return self._status()
            case "action":
                return self._action()
            case "compare":
                return self._compared()
            case "severity":
                return self._severity(wish)
        return self._about_defects(wish)

    def refuse(self) -> Told:
        """To a question that was not understood, or is not one for an inspection."""
        return self._cannot_tell(self._say.knows)

    def _about_defects(self, wish: Wish) -> Told:
        verdict = self._part.verdict
        if verdict.status == "UNDECIDED":
            return self._cannot_tell(self._undecided(verdict))
        if wish.strange and not wish.classes:
            known = self._say.comma.join(self._titles.values())
            return self._cannot_tell(self._say.strange.format(name=wish.strange[0], classes=known))
        if not self._is_sensible(wish.place):
            return self.refuse()
        if verdict.status == "OK":
            return self._none(wish, self._say.no_defect)
        if self._part.class_name is not None and not self._part.is_known_defect and wish.classes:
            return self._cannot_tell(self._say.unknown_defect)
        if wish.classes and self._part.class_name not in wish.classes:
            return self._none(wish, self._say.only_other.format(name=self._name()))
        if wish.near is not None:
            return self._cannot_tell(self._say.nothing_near.format(thing=wish.near))
        return self._of_found(wish)

    def _of_found(self, wish: Wish) -> Told:
        """A defect of the kind that is asked about was found."""
        say, name, spots = self._say, self._name(), self._part.within(wish.place)
        if wish.kind == "what":
            return self._what()
        if not self._part.spots:
            unmarked = say.no_place_marked.format(name=name)
            if wish.kind == "exists" and not wish.place:
                return Told(self._yes(wish) + unmarked, True)
            return self._cannot_tell(unmarked)
        if not spots:
            away = say.elsewhere.format(name=name, places=self._places(self._part.spots))
            if wish.kind in ("exists", "count"):
                return Told(self._no(wish) + away, False if wish.kind == "exists" else 0)
            return Told(away, self._cells(self._part.spots) if wish.kind == "where" else None)
        count, places = counted(len(spots), self._words), self._places(spots)
        match wish.kind:
            case "exists":
                found = say.found_in if wish.place else say.found
                return Told(self._yes(wish) + found.format(name=name, count=count, places=places), True)
            case "count":
                how_many = say.how_many_in if wish.place else say.how_many
                return Told(how_many.format(count=count, name=name), len(spots))
            case "where":
                return Told(say.where.format(name=name, places=places), self._cells(spots))
            case _:
                return self._size(spots)

    def _none(self, wish: Wish, instead: str) -> Told:
        """Nothing of what is asked about was found."""
        say, asked = self._say, self._asked(wish)
        none = say.none_found.format(name=asked)
        text = none if none == say.no_defect or instead == none else none + self._words.gap + instead
        match wish.kind:
            case "exists":
                return Told(self._no(wish) + text, False)
            case "count":
                return Told(text, 0)
            case "what":
                return Told(say.no_defect if self._part.verdict.status == "OK" else self._what().text, self._class())
            case "where":
                return Told(text, ())
            case _:
                return Told(text, None)

    def _what(self) -> Told:
        if not self._part.is_known_defect:
            return Told(self._say.unknown_defect, self._class())
        name, percent = self._name(), f"{self._part.verdict.probability:.0%}"
        return Told(self._say.what.format(name=name, percent=percent), self._class())

    def _size(self, spots: Sequence[Spot]) -> Told:
        say, spot = self._say, largest(spots)
        box, place = spot.box, self._words.place[spot.ninth]
        many = say.largest.format(count=counted(len(spots), self._words)) if len(spots) > 1 else ""
        if box.mm is None:
            text = say.size.format(name=self._name(), w=box.w, h=box.h, place=place)
        else:
            text = say.size_mm.format(name=self._name(), w=box.w, h=box.h, mm_w=box.mm.w, mm_h=box.mm.h, place=place)
        return Told(many + text, ((box.w, box.h),))

    def _status(self) -> Told:
        say, verdict = self._say, self._part.verdict
        why = {
            "OK": say.good,
            "NG": self._what().text,
            "UNDECIDED": self._undecided(verdict),
        }[verdict.status]
        return Told(say.status[verdict.status] + say.because.format(why=why), verdict.status)

    def _action(self) -> Told:
        action = facts_of(self._part.verdict).action
        return Told(self._say.action.format(what=self._words.action[action]), action)

    def _severity(self, wish: Wish) -> Told:
        """As reports say it: by the area of what was marked."""
        degree = facts_of(self._part.verdict).severity
        if degree is None or self._part.class_name is None:
            return self._about_defects(replace(wish, kind="size"))
        if wish.strange or (wish.classes and self._part.class_name not in wish.classes):
            return self._about_defects(replace(wish, kind="exists"))
        return Told(self._say.severity.format(name=self._name(), degree=self._words.severity[degree]), degree)

    def _compared(self) -> Told:
        say, now, before = self._say, self._part, self._previous
        if before is None:
            return self._cannot_tell(say.no_previous)
        text = say.previous.format(
            number=before.verdict.number,
            status=before.verdict.status,
            what=self._briefly(before),
            now=now.verdict.status,
            now_what=self._briefly(now),
        )
        is_same = (now.verdict.status, now.class_name) == (before.verdict.status, before.class_name)
        text += say.same if is_same else say.different
        if is_same and now.spots and before.spots:
            text += self._more_or_larger(now, before)
        return Told(text, "same" if is_same else "different")

    def _more_or_larger(self, now: Part, before: Part) -> str:
        say, text = self._say, ""
        if len(now.spots) != len(before.spots):
            text += say.more_places if len(now.spots) > len(before.spots) else say.fewer_places
        sizes = [spot.box.w * spot.box.h for spot in (largest(now.spots), largest(before.spots))]
        if sizes[0] != sizes[1]:
            text += say.larger if sizes[0] > sizes[1] else say.smaller
        return text

    def _briefly(self, part: Part) -> str:
        if part.class_name is None:
            return ""
        count = counted(len(part.spots), self._words) if part.spots else ""
        inside = self._say.comma.join(text for text in (self._title(part.class_name), count) if text)
        return f"（{inside}）" if self._is_chinese else f" ({inside})"

    def _undecided(self, verdict: Verdict) -> str:
        if verdict.reason == "low_confidence" and verdict.class_name is not None:
            return self._say.unsure.format(name=self._title(verdict.class_name), percent=f"{verdict.probability:.0%}")
        return self._say.undecided.format(reason=self._words.reason[verdict.reason] if verdict.reason else "")

    def _cannot_tell(self, because: str) -> Told:
        return Told(self._say.cannot_tell + because, None, told=False)

    def _is_sensible(self, place: frozenset[Place]) -> bool:
        """Nothing is left and right, or above and below, at once."""
        return not ({"left", "right"} <= place or {"upper", "lower"} <= place)

    def _yes(self, wish: Wish) -> str:
        return "" if wish.negated else self._say.yes

    def _no(self, wish: Wish) -> str:
        return "" if wish.negated or wish.kind != "exists" else self._say.no

    def _asked(self, wish: Wish) -> str:
        return self._title(wish.classes[0]) if wish.classes else self._say.any_defect

    def _name(self) -> str:
        return self._title(self._part.class_name or "")

    def _title(self, class_name: str) -> str:
        return self._titles.get(class_name, class_name)

    def _class(self) -> str:
        return self._part.class_name or ""

    def _places(self, spots: Sequence[Spot]) -> str:
        """Each third once, with how often where that is more than once."""
        times = Counter(spot.ninth for spot in spots)
        return self._say.comma.join(
            self._words.place[place] + (f" × {count}" if count > 1 else "") for place, count in times.items()
        )

    def _cells(self, spots: Sequence[Spot]) -> tuple[tuple[int, int], ...]:
        return tuple(sorted({spot.cell for spot in spots}))

    @property
    def _is_chinese(self) -> bool:
        return not self._words.is_spaced
