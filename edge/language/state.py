"""State the facts of a verdict, or of a label: where, how large, how bad, what to do."""

from __future__ import annotations

from edge.facts import PLACES, Action, Facts, Finding, Orientation, Place, Severity
from edge.geometry import Box, Region
from edge.messages import Verdict
from edge.verdict import Disposition, Reason, Status

_LOW_CONFIDENCE = 0.7  # below this probability of its class, a report says that the model is not sure
_COVERS_MOST = 0.5  # of the inspected area
_NEAR_EDGE = 0.02  # of the region's side between a defect and the region's border
_ELONGATED = 2.0  # sides of a box
# Of the inspected area, all defects together, from which on it is moderate, and severe.
_MODERATE, _SEVERE = 0.01, 0.06


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
    is_sure = probability >= _LOW_CONFIDENCE or class_name is None
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
        place="most" if share > _COVERS_MOST else ninth(box, region),
        near_edge=_near_edge(box, region),
        width=_rounded(width),
        height=_rounded(height),
        percent=max(0.1, round(100 * share, 1)),
        orientation=_orientation(box),
        box=number,
    )


def ninth(box: Box, region: Region) -> Place:
    """The third across and down in which the middle of a box lies."""
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
