"""The facts of a verdict, rounded as they are said: everything that a report may say and be right.

Every language says the same `Facts`. What is not here is not known to the verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from edge.bundle import ClassSpec
from edge.verdict import UNKNOWN_DEFECT, Disposition, Reason, Status

if TYPE_CHECKING:  # the feed's messages hold facts
    from edge.messages import Box, Region, Verdict

# The middle of a defect in thirds of the inspected region; "most": it covers more than half of it.
Place = Literal[
    "upper_left", "upper", "upper_right", "left", "centre", "right", "lower_left", "lower", "lower_right", "most"
]  # fmt: skip
PLACES: tuple[Place, ...] = get_args(Place)
Orientation = Literal["horizontal", "vertical"]
Severity = Literal["slight", "moderate", "severe"]
# What is to become of the part, and whether a person should look at it or at the process.
Action = Literal["accept", "reject", "hold", "accept_recheck", "reject_recheck", "reject_find_cause"]

LOW_CONFIDENCE = 0.7  # below this probability of its class, a report says that the model is not sure
_COVERS_MOST = 0.5  # of the inspected area
_NEAR_EDGE = 0.02  # of the region's side between a defect and the region's border
_ELONGATED = 2.0  # sides of a box
# Of the inspected area, all defects together, from which on it is moderate, and severe.
_MODERATE, _SEVERE = 0.01, 0.06


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


def facts_of(verdict: Verdict) -> Facts:
    """The facts of a verdict."""
    findings = findings_of(verdict.boxes, verdict.region)
    return state_facts(
        verdict.status, verdict.reason, verdict.class_name, verdict.probability, verdict.disposition, findings,
        in_mm=bool(verdict.boxes) and all(box.mm is not None for box in verdict.boxes),
    )  # fmt: skip


def state_facts(
    status: Status,
    reason: Reason | None,
    class_name: str | None,
    probability: float,
    disposition: Disposition,
    findings: tuple[Finding, ...],
    *,
    in_mm: bool = False,
) -> Facts:
    """Facts from their parts: a verdict's, or a label's."""
    severity = _severity(findings)
    is_sure = probability >= LOW_CONFIDENCE or class_name is None
    return Facts(
        status=status,
        reason=reason,
        class_name=class_name,
        confidence=round(100 * probability),
        is_sure=is_sure,
        findings=findings,
        in_mm=in_mm,
        severity=severity,
        action=_action(disposition, is_sure, severity),
    )


def findings_of(boxes: tuple[Box, ...], region: Region) -> tuple[Finding, ...]:
    """The marked places, the largest first."""
    in_mm = all(box.mm is not None for box in boxes)
    found = [_finding(number, box, region, in_mm) for number, box in enumerate(boxes)]
    return tuple(sorted(found, key=lambda f: -boxes[f.box].w * boxes[f.box].h))


def _finding(number: int, box: Box, region: Region, in_mm: bool) -> Finding:
    share = min(1.0, box.w * box.h / (region.w * region.h))
    width, height = (box.mm.w, box.mm.h) if in_mm and box.mm else (box.w, box.h)
    return Finding(
        place="most" if share > _COVERS_MOST else _ninth(box, region),
        near_edge=_near_edge(box, region),
        width=_rounded(width),
        height=_rounded(height),
        percent=max(0.1, round(100 * share, 1)),
        orientation=_orientation(box),
        box=number,
    )


def _ninth(box: Box, region: Region) -> Place:
    column = _third((box.x + box.w / 2 - region.x) / region.w)
    row = _third((box.y + box.h / 2 - region.y) / region.h)
    return PLACES[3 * row + column]


def _third(share: float) -> int:
    return min(2, max(0, int(3 * share)))


def _near_edge(box: Box, region: Region) -> bool:
    across = min(box.x - region.x, region.x + region.w - box.x - box.w) / region.w
    down = min(box.y - region.y, region.y + region.h - box.y - box.h) / region.h
    return min(across, down) <= _NEAR_EDGE


def _orientation(box: Box) -> Orientation | None:
    if box.w >= _ELONGATED * box.h:
        return "horizontal"
    return "vertical" if box.h >= _ELONGATED * box.w else None


def _rounded(length: float) -> float:
    """Tenths, hundredths below one; never nothing."""
    return max(0.01, round(length, 1 if length >= 1 else 2))


def _severity(findings: tuple[Finding, ...]) -> Severity | None:
    if not findings:
        return None
    share = sum(f.percent for f in findings) / 100
    return "severe" if share >= _SEVERE else "moderate" if share >= _MODERATE else "slight"


def _action(disposition: Disposition, is_sure: bool, severity: Severity | None) -> Action:
    if disposition == "hold":
        return "hold"
    if disposition == "accept":
        return "accept" if is_sure else "accept_recheck"
    if not is_sure:
        return "reject_recheck"
    return "reject_find_cause" if severity == "severe" else "reject"


def _one_line(text: str) -> str:
    """A title may hold anything; a report is one line."""
    return " ".join(text.split())
