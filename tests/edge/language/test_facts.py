"""What is known of a part, as it is said."""

from __future__ import annotations

import pytest

from edge.geometry import Box, in_millimetres
from edge.language.state import facts_of
from tests.edge.language.verdicts import verdict


@pytest.mark.parametrize(
    ("box", "place", "near_edge"),
    [
        (Box(0, 0, 10, 10, 0.9), "upper_left", True),
        (Box(95, 45, 10, 10, 0.9), "centre", False),
        (Box(185, 45, 10, 10, 0.9), "right", False),
        (Box(90, 90, 20, 10, 0.9), "lower", True),
        (Box(5, 5, 190, 90, 0.9), "most", False),
    ],
)
def test_a_place_is_said_in_thirds_of_the_inspected_region(box: Box, place: str, near_edge: bool) -> None:
    """Where its middle is; whether it reaches the border; and that it covers most of what was seen."""
    (finding,) = facts_of(verdict(boxes=(box,))).findings
    assert (finding.place, finding.near_edge) == (place, near_edge)


def test_the_largest_place_comes_first_and_gives_the_size() -> None:
    """Whatever order the verdict has them in; the unit is millimetres where the camera has a scale."""
    boxes = (Box(5, 5, 4, 4, 0.9), Box(50, 5, 10, 40, 0.8))
    facts = facts_of(verdict(boxes=boxes))
    assert [f.box for f in facts.findings] == [1, 0]
    assert (facts.in_mm, facts.findings[0].width, facts.findings[0].orientation) == (False, 10, "vertical")
    scaled = tuple(Box(b.x, b.y, b.w, b.h, b.score, in_millimetres(b, 4.0)) for b in boxes)
    assert facts_of(verdict(boxes=scaled)).findings[0].width == 2.5


@pytest.mark.parametrize(
    ("side", "probability", "disposition", "severity", "action"),
    [
        (10, 0.95, "reject", "slight", "reject"),
        (60, 0.95, "reject", "severe", "reject_find_cause"),
        (20, 0.55, "reject", "moderate", "reject_recheck"),
        (20, 0.95, "hold", "moderate", "hold"),
        (20, 0.55, "accept", "moderate", "accept_recheck"),
    ],
)
def test_what_to_do_follows_from_the_disposition(
    side: int, probability: float, disposition: str, severity: str, action: str
) -> None:
    """A report never tells to do otherwise than the line does; doubt and severity add who should look."""
    facts = facts_of(verdict(boxes=(Box(0, 0, side, side, 0.9),), probability=probability, disposition=disposition))  # type: ignore[arg-type]
    assert (facts.severity, facts.action) == (severity, action)
