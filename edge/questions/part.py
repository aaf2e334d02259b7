"""What a verdict says of its part, as questions ask for it: which class, how many places, where, how large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.facts import PLACES
from edge.facts import Place as Ninth
from edge.geometry import Box
from edge.language.state import ninth
from edge.messages import Verdict
from edge.questions.words import Place
from edge.verdict import UNKNOWN_DEFECT

# Thirds of the inspected region, from the left and from the top.
Cell = tuple[int, int]
_COLUMNS: tuple[Place, ...] = ("left", "middle_column", "right")
_ROWS: tuple[Place, ...] = ("upper", "middle_row", "lower")


@dataclass(frozen=True, slots=True)
class Spot:
    """One place that the verdict marks: in which ninth of the region, as reports say it, and its box."""

    ninth: Ninth
    box: Box

    @property
    def cell(self) -> Cell:
        """Column and row, 0 to 2."""
        row, column = divmod(PLACES.index(self.ninth), 3)
        return column, row

    def is_in(self, place: frozenset[Place]) -> bool:
        """Whether it lies in all of these at once; everywhere where none is named."""
        return place <= _places(self.cell)


@dataclass(frozen=True, slots=True)
class Part:
    """A verdict in these terms. class_name: of the defect; None where none was found or none is sure."""

    verdict: Verdict
    class_name: str | None
    spots: tuple[Spot, ...]

    @property
    def is_known_defect(self) -> bool:
        return self.class_name not in (None, UNKNOWN_DEFECT.name)

    def within(self, place: frozenset[Place]) -> tuple[Spot, ...]:
        """The spots in a place."""
        return tuple(spot for spot in self.spots if spot.is_in(place))


def part_of(verdict: Verdict) -> Part:
    """The part of a verdict."""
    spots = tuple(Spot(ninth(box, verdict.region), box) for box in verdict.boxes)
    return Part(verdict, verdict.class_name if verdict.status == "NG" else None, spots)


def largest(spots: Sequence[Spot]) -> Spot:
    """By the area of the box; of equal ones the first."""
    return max(spots, key=lambda spot: spot.box.w * spot.box.h)


def _places(cell: Cell) -> frozenset[Place]:
    """All that may be said of a third: its column, its row, and what both together are."""
    column, row = cell
    places: set[Place] = {_COLUMNS[column], _ROWS[row]}
    if column == row == 1:
        places.add("centre")
    if column != 1 or row != 1:
        places.add("edge")
    if column != 1 and row != 1:
        places.add("corner")
    return frozenset(places)
