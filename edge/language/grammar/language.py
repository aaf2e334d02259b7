"""What a language file holds: words for every value of a fact, and sentences with slots for them.

In a sentence `{slot}` stands for a fact, `[...]` is left out where a slot in it has no value. The first sentence of a
kind is how a report is written; the others say the same otherwise, for training and for reading back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from edge.facts import Action, Orientation, Place, Severity
from edge.verdict import Reason, Status

# The order of sentences in a report.
# place: of the only finding; largest and others: where there are several.
Kind = Literal["status", "place", "largest", "others", "severity", "doubt", "action"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# What "left" and the like may mean, for `places_named`.
LEFT: frozenset[Place] = frozenset({"upper_left", "left", "lower_left"})
RIGHT: frozenset[Place] = frozenset({"upper_right", "right", "lower_right"})
UPPER: frozenset[Place] = frozenset({"upper_left", "upper", "upper_right"})
LOWER: frozenset[Place] = frozenset({"lower_left", "lower", "lower_right"})
CENTRE: frozenset[Place] = frozenset({"centre", "most"})


@dataclass(frozen=True, slots=True)
class Language:
    """code: as in titles, `zh-TW`. gap: what stands between sentences.

    status, reason, place, orientation, severity, action: the word for each value. near_edge: put behind a place.
    list_gap: between the places of a list. one, many: of counted places, `{}` is the number. sentences: by kind.
    places_named: words that a place is recognised by in free prose -> those of the nine it may mean.
    claims: words that only a verdict may say, so that no prose beside it does; `numerals`: those that say a number.
    joints: words that another phrase begins with, in free prose. is_spaced: whether words stand apart.
    """

    code: str
    gap: str
    is_spaced: bool
    status: Mapping[Status, str]
    reason: Mapping[Reason, str]
    place: Mapping[Place, str]
    near_edge: str
    orientation: Mapping[Orientation, str]
    severity: Mapping[Severity, str]
    action: Mapping[Action, str]
    one: str
    many: str
    list_gap: str
    size: str
    sentences: Mapping[Kind, tuple[str, ...]]
    places_named: Mapping[str, frozenset[Place]]
    claims: frozenset[str]
    numerals: frozenset[str]
    joints: frozenset[str]
