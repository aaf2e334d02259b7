"""What a monitor may know of a running line, and whether it is well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.line.capture import CameraStatus
from edge.line.channel import LaneStatistics
from edge.line.ledger import Account
from edge.line.tally import Histogram, Kind, Stage
from edge.messages import ReportState
from edge.store.backlog import StoreHealth


@dataclass(frozen=True, slots=True)
class LineState:
    """A line at one moment. progressing: as the watchdog sees it. queues: frames that wait, per camera.

    reports: how many came to each end, and how many are queued now; none where none are written.
    """

    line: str
    bundle: str
    engine: str
    accounts: Mapping[str, Account]
    cameras: Mapping[str, CameraStatus]
    queues: Mapping[str, LaneStatistics]
    store: StoreHealth
    kinds: Mapping[Kind, int]
    histograms: Mapping[Stage, Histogram]
    progressing: bool
    reports: Mapping[ReportState, int] = field(default_factory=dict)


def problems(state: LineState) -> list[str]:
    """One sentence for each thing that is wrong; none where the line is well."""
    found = [f"camera {name} is down: {s.detail}" for name, s in state.cameras.items() if s.state == "down"]
    found += [
        f"camera {name}: {account.unaccounted} triggers are unaccounted for; please report this"
        for name, account in state.accounts.items()
        if account.unaccounted
    ]
    if state.store.state != "ok":
        found.append(f"store {state.store.state}: {state.store.detail}; {state.store.waiting} verdicts wait")
    if not state.progressing:
        found.append("nothing has moved for a while: a camera driver, the engine or the disk hangs")
    return found
