"""The facts of a verdict, rounded as they are said: everything that a report may say and be right.

Every language says the same `Facts`. What is not here is not known to the verdict. `edge.language.state` states them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

import msgspec

from edge.bundle.manifest import ClassSpec
from edge.verdict import UNKNOWN_DEFECT, Reason, Status

# The middle of a defect in thirds of the inspected region; "most": it covers more than half of it.
Place = Literal[
    "upper_left", "upper", "upper_right", "left", "centre", "right", "lower_left", "lower", "lower_right", "most"
]  # fmt: skip
PLACES: tuple[Place, ...] = get_args(Place)
Orientation = Literal["horizontal", "vertical"]
Severity = Literal["slight", "moderate", "severe"]
# What is to become of the part, and whether a person should look at it or at the process.
Action = Literal["accept", "reject", "hold", "accept_recheck", "reject_recheck", "reject_find_cause"]


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One marked place.

    near_edge: whether it reaches the border of what was inspected. width, height: in millimetres where the camera has
    a scale, else in pixels of the frame. percent: of the inspected area. orientation: of a box at least twice as long
    as wide. box: which of the verdict's boxes it is.
    """

    place: Place
    near_edge: bool
    width: float
    height: float
    percent: float
    orientation: Orientation | None
    box: int


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one part. findings: the largest first. confidence: percent, of the class.

    severity: by the area of all findings together; None without any. in_mm: the unit of the findings.
    """

    status: Status
    reason: Reason | None
    class_name: str | None
    confidence: int
    is_sure: bool
    findings: tuple[Finding, ...]
    in_mm: bool
    severity: Severity | None
    action: Action

    @property
    def count(self) -> int:
        return len(self.findings)


class Titles:
    """What a bundle's classes are called in each language; a class without a title goes by its name."""

    def __init__(self, classes: Iterable[ClassSpec]) -> None:
        self._specs = {spec.name: spec for spec in (*classes, UNKNOWN_DEFECT)}

    def title(self, class_name: str, language: str) -> str:
        spec = self._specs.get(class_name)
        title = spec.titles.get(language, "") if spec else ""
        return _one_line(title) or _one_line(class_name.replace("_", " ")) or "?"

    def all(self, language: str) -> dict[str, str]:
        """Class name -> what it is called."""
        return {name: self.title(name, language) for name in self._specs}

    def is_defect(self, class_name: str) -> bool:
        return class_name not in self._specs or self._specs[class_name].kind == "defect"


def _one_line(text: str) -> str:
    """A title may hold anything; a report is one line."""
    return " ".join(text.split())
