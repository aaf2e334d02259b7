"""Numbers, times, reasons and reports as the page writes them."""

from __future__ import annotations

from datetime import datetime

from edge.dashboard.texts.languages import Language
from edge.dashboard.texts.texts import Texts
from edge.messages import CameraReport, LineReport, PartReport, Verdict

DASH = "—"


def clock(moment: datetime) -> str:
    """The local time of day to the second."""
    return f"{moment.astimezone():%H:%M:%S}"


def date_and_clock(moment: datetime) -> str:
    """The local date and time to the second."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def percent(share: float | None, digits: int = 1) -> str:
    """`98.7 %`; a dash for None. Rounded down, so that 100 means all of them."""
    if share is None:
        return DASH
    steps = 10**digits
    return f"{int(share * 100 * steps + 1e-9) / steps:.{digits}f} %"


def count(number: int) -> str:
    """`12,345`."""
    return f"{number:,}"


def ledger_text(report: CameraReport, texts: Texts) -> str:
    """One camera's account, with why triggers were dropped."""
    names = ("triggers", "verdicts", "dropped", "in_flight")
    figures = {name: count(getattr(report, name)) for name in names}
    right = report.triggers == report.verdicts + report.dropped + report.in_flight
    why_dropped = [texts.dropped_by[reason].format(count=count(n)) for reason, n in report.dropped_by.items()]
    return " · ".join([(texts.ledger if right else texts.ledger_wrong).format(**figures), *why_dropped])


def store_text(report: LineReport, texts: Texts) -> str:
    """Whether verdicts reach the disk, and how many never did."""
    state = texts.store_state[report.store].format(count=count(report.unstored))
    lost = [texts.never_stored.format(count=count(report.never_stored))] if report.never_stored else []
    return " · ".join([state, *lost])


def report_text(report: PartReport, texts: Texts, language: Language) -> str:
    """What the report says of the verdict, in the page's language; else how it stands."""
    return report.text.get(language) or texts.report_state[report.state]


def why(verdict: Verdict, title: str | None, texts: Texts) -> str:
    """What stands beside the verdict's word: the class, or the reason where there is none."""
    if title is not None:
        return title
    return texts.reason[verdict.reason] if verdict.reason is not None else ""
