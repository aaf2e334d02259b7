"""What each slot of a sentence says: facts -> texts, the same way round for every language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from edge.facts import Facts, Finding, Titles
from edge.language.grammar.language import Kind, Language

Slot = Literal[
    "status", "class", "reason", "count", "place", "size", "percent", "orientation", "others", "severity",
    "confidence", "action",
]  # fmt: skip
SLOTS: tuple[Slot, ...] = get_args(Slot)


def fill(facts: Facts, language: Language, titles: Titles) -> dict[str, str]:
    """Slot -> its text. A fact that is not there has no entry."""
    filled: dict[str, str | None] = {
        "status": language.status[facts.status],
        "class": None if facts.class_name is None else titles.title(facts.class_name, language.code),
        "reason": None if facts.reason is None else language.reason[facts.reason],
        "count": counted(facts.count, language) if facts.count else None,
        "severity": None if facts.severity is None else language.severity[facts.severity],
        "confidence": None if facts.is_sure else str(facts.confidence),
        "action": language.action[facts.action],
    }
    if facts.findings:
        largest, *rest = facts.findings
        filled |= {
            "place": placed(largest, language),
            "size": _size(largest, facts.in_mm, language),
            "percent": number(largest.percent),
            "orientation": None if largest.orientation is None else language.orientation[largest.orientation],
            "others": language.list_gap.join(dict.fromkeys(placed(f, language) for f in rest)) or None,
        }
    return {slot: text for slot, text in filled.items() if text is not None}


def kinds_of(filled: Mapping[str, str]) -> tuple[Kind, ...]:
    """Which sentences a report of these slots has, in order."""
    where: tuple[Kind, ...] = ()
    if "place" in filled:
        where = ("largest", "others") if "others" in filled else ("place",)
    severity: tuple[Kind, ...] = ("severity",) if "severity" in filled else ()
    doubt: tuple[Kind, ...] = ("doubt",) if "confidence" in filled else ()
    return ("status", *where, *severity, *doubt, "action")


def number(value: float) -> str:
    """A number without an exponent and without zeros at its end."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def counted(places: int, language: Language) -> str:
    """`1 place`, `2 places`, `2 處`."""
    return language.one if places == 1 else language.many.format(places)


def placed(finding: Finding, language: Language) -> str:
    """`at the upper left (touching the edge)`."""
    return language.place[finding.place] + (language.near_edge if finding.near_edge else "")


def _size(finding: Finding, in_mm: bool, language: Language) -> str:
    return language.size.format(number(finding.width), number(finding.height), "mm" if in_mm else "px")
