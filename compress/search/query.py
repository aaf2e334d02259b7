"""What a sentence may ask of a part, drawn from what is true of one, and which parts it is true of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.search.seen import COLUMNS, ROWS, Column, Patch, Row, Seen, Size

Count = Literal["one", "two", "many"]
SIZES: tuple[Size, ...] = ("small", "medium", "large")
_MOST_PATCHES = 6


@dataclass(frozen=True, slots=True)
class Query:
    """None, or False, for what is not asked. row, column, at_edge, central and size are of one and the same patch."""

    class_name: str | None = None
    row: Row | None = None
    column: Column | None = None
    at_edge: bool = False
    central: bool = False
    size: Size | None = None
    count: Count | None = None

    @property
    def asks_place(self) -> bool:
        return self.row is not None or self.at_edge or self.central


def draw(seen: Seen, rng: np.random.Generator) -> Query:
    """A query that is true of a part: its class mostly, and some of where, how large and how many."""
    says_class = seen.class_name is not None and (not seen.patches or rng.random() < 0.85)
    class_name = seen.class_name if says_class else None
    if not seen.patches:
        return Query(class_name)
    patch = seen.patches[0] if rng.random() < 0.7 else seen.patches[int(rng.integers(len(seen.patches)))]
    place = _place(patch, rng)
    size = patch.size if patch.size != "medium" and rng.random() < 0.35 else None
    count = _counted(len(seen.patches)) if rng.random() < 0.2 else None
    if class_name is None and place == Query() and size is None and count is None:
        class_name = seen.class_name
    return Query(class_name, place.row, place.column, place.at_edge, place.central, size, count)


def _place(patch: Patch, rng: np.random.Generator) -> Query:
    """The place alone: a cell half the time, the edge or the middle where it is there."""
    chance = rng.random()
    if chance < 0.15 and patch.is_at_edge:
        return Query(at_edge=True)
    if chance < 0.3 and patch.is_central:
        return Query(central=True)
    if chance < 0.7:
        row, column = patch.cell
        if (row, column) == ("middle", "centre"):
            return Query(central=patch.is_central)
        return Query(row=row, column=column)
    return Query()


def fits(queries: Sequence[Query], parts: Sequence[Seen], classes: Sequence[str]) -> NDArray[np.bool_]:
    """bool [Q, P]: whether each query is true of each part."""
    p_class = np.array([_index(classes, part.class_name) for part in parts])
    q_class = np.array([_index(classes, query.class_name) for query in queries])
    p_count = np.array([_COUNTS.index(_counted(len(part.patches))) if part.patches else -1 for part in parts])
    q_count = np.array([-1 if query.count is None else _COUNTS.index(query.count) for query in queries])
    of_class = (q_class[:, None] == -1) | (q_class[:, None] == p_class[None])
    of_count = (q_count[:, None] == -1) | (q_count[:, None] == p_count[None])
    return np.asarray(of_class & of_count & _fits_a_patch(queries, parts))


def _fits_a_patch(queries: Sequence[Query], parts: Sequence[Seen]) -> NDArray[np.bool_]:
    patch_PMF = np.full((len(parts), _MOST_PATCHES, 5), -2)
    for p, part in enumerate(parts):
        for m, patch in enumerate(part.patches[:_MOST_PATCHES]):
            row, column = patch.cell
            patch_PMF[p, m] = (
                ROWS.index(row), COLUMNS.index(column), patch.is_at_edge, patch.is_central, SIZES.index(patch.size)
            )  # fmt: skip
    wish_QF = np.array(
        [
            (
                -1 if q.row is None else ROWS.index(q.row),
                -1 if q.column is None else COLUMNS.index(q.column),
                1 if q.at_edge else -1,
                1 if q.central else -1,
                -1 if q.size is None else SIZES.index(q.size),
            )
            for q in queries
        ]
    )
    asks_nothing_Q = (wish_QF == -1).all(axis=1)
    agrees_QPM = ((wish_QF[:, None, None] == -1) | (wish_QF[:, None, None] == patch_PMF[None])).all(axis=3)
    there_PM = patch_PMF[:, :, 0] != -2
    return np.asarray((agrees_QPM & there_PM[None]).any(axis=2) | asks_nothing_Q[:, None])


_COUNTS: tuple[Count, ...] = ("one", "two", "many")


def _counted(patches: int) -> Count:
    return "one" if patches == 1 else "two" if patches == 2 else "many"


def _index(classes: Sequence[str], name: str | None) -> int:
    return -1 if name is None else classes.index(name) if name in classes else -3
