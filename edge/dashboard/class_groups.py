"""Which classes get a colour and a row of their own, the same in the chart and beside the Pareto bars."""

from __future__ import annotations

from dataclasses import dataclass

from edge.dashboard.past import classless
from edge.store.history import Counts

# Blue to tan: none of them green, red or amber, which mean OK, NG and UNDECIDED.
COLOURS = ("#5b9cf6", "#c08bf0", "#37c6c0", "#f08fb4", "#d9c07c", "#8fd3ff")
OTHER_COLOUR = "#7f93a8"
NO_CLASS_COLOUR = "#ffb224"


@dataclass(frozen=True, slots=True)
class Group:
    """One class, or all the small ones together (`names` of several), or the rejects without a class (no names)."""

    names: tuple[str, ...]
    colour: str
    is_other: bool = False

    def number(self, counts: Counts) -> int:
        """How many rejects of this group."""
        return sum(counts.by_class.get(name, 0) for name in self.names) if self.names else classless(counts)


def groups(hour: Counts, known: tuple[str, ...]) -> tuple[Group, ...]:
    """The groups of an hour's rejects, largest first, `Other` and the classless ones last; empty ones left out.

    known: every class the bundle has, in its order, so that a class keeps its colour from hour to hour.
    """
    ranked = sorted(hour.by_class, key=lambda name: (-hour.by_class[name], name))
    room = len(COLOURS) if len(ranked) <= len(COLOURS) else len(COLOURS) - 1
    own, rest = ranked[:room], ranked[room:]
    colours = _colours(own, known)
    found = [Group((name,), colours[name]) for name in own]
    if rest:
        found.append(Group(tuple(rest), OTHER_COLOUR, is_other=True))
    if classless(hour) > 0:
        found.append(Group((), NO_CLASS_COLOUR))
    return tuple(found)


def _colours(own: list[str], known: tuple[str, ...]) -> dict[str, str]:
    """Each class's colour by its place in the bundle; where two would share one, the later takes a free one."""
    order = [name for name in known if name in own] + sorted(set(own) - set(known))
    colours: dict[str, str] = {}
    for name in order:
        place = known.index(name) if name in known else 0
        wanted = COLOURS[place % len(COLOURS)]
        free = [colour for colour in COLOURS if colour not in colours.values()]
        colours[name] = wanted if wanted in free else free[0]
    return colours
