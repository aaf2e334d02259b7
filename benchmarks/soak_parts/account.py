"""What a soak comes to: every verdict held against the store and against what each reader had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from benchmarks.soak_parts.gauge import Growth
from benchmarks.soak_parts.rig import RATES, Rig, SoakError
from edge.store.history import History
from tests.e2e.line_process import accounts_in
from tests.e2e.reader_process import Line, lines_in

Place = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Debt:
    """What must be nothing. missing, duplicates: over all readers, after replay, and in the store.

    not_stored: heard, but not in the store. gaps: numbers that the store lacks below the last of a topic and epoch.
    """

    missing: int
    duplicates: int
    not_stored: int
    gaps: int

    @property
    def total(self) -> int:
        return self.missing + self.duplicates + self.not_stored + self.gaps


@dataclass(frozen=True, slots=True)
class Account:
    """The result. unaccounted: triggers that no verdict, drop or queue accounts for. latency_ms: p50, p99, max."""

    verdicts: int
    undecided: Counter[str]
    unaccounted: int
    debt: Debt
    reader_accounts: tuple[str, ...]
    faults: Counter[str]
    latency_ms: tuple[float, float, float]
    growth: Growth | None

    @property
    def is_clean(self) -> bool:
        return self.unaccounted + self.debt.total == 0 and self.growth is not None and not self.growth.is_leaking


def account_of(rig: Rig, faults: Counter[str], growth: Growth | None) -> Account:
    """After `rig.finish`."""
    stored = [row.verdict for row in History(rig.data_dir).recent(10_000_000)]
    logs = [lines_in(rig.reader_log(number)) for number in range(len(rig.readers))]
    return Account(
        verdicts=len(stored),
        undecided=Counter(verdict.reason for verdict in stored if verdict.reason is not None),
        unaccounted=rig.worst_unaccounted + _owed_at_the_end(rig.service_log),
        debt=debt_of([(v.topic, v.epoch, v.number) for v in stored], [[line.place for line in log] for log in logs]),
        reader_accounts=tuple(rig.reader_accounts),
        faults=faults,
        latency_ms=_latencies(logs[0]),
        growth=growth,
    )


def debt_of(stored: Sequence[Place], heard: Sequence[Sequence[Place]]) -> Debt:
    """What the store and each reader had, held against each other."""
    kept = set(stored)
    had = [set(places) for places in heard]
    return Debt(
        missing=sum(len(kept - one) for one in had),
        duplicates=sum(len(places) - len(set(places)) for places in (stored, *heard)),
        not_stored=len(set().union(*had) - kept),
        gaps=_gaps(kept),
    )


def account_table(account: Account, command: str) -> Table:
    table = Table("", "", title=f"python -m benchmarks.soak {command}")
    p50, p99, most = account.latency_ms
    rows = [
        ("verdicts", f"{account.verdicts}"),
        ("UNDECIDED among them", ", ".join(f"{reason} {n}" for reason, n in account.undecided.items()) or "none"),
        ("unaccounted (must be 0)", f"{account.unaccounted}"),
        ("missing after replay, two readers (must be 0)", f"{account.debt.missing}"),
        ("duplicates (must be 0)", f"{account.debt.duplicates}"),
        ("heard but not stored (must be 0)", f"{account.debt.not_stored}"),
        ("gaps in the store's numbers (must be 0)", f"{account.debt.gaps}"),
        ("the readers say", "; ".join(account.reader_accounts)),
        *((f"fault: {name}", f"{number}") for name, number in sorted(account.faults.items())),
        ("capture to verdict p50 / p99 / max", f"{p50:.1f} / {p99:.1f} / {most:.1f} ms"),
        *_growth_rows(account.growth),
        ("result", "clean" if account.is_clean else "NOT CLEAN"),
    ]
    for name, figure in rows:
        table.add_row(name, figure)
    return table


def _growth_rows(growth: Growth | None) -> list[tuple[str, str]]:
    if growth is None:
        return [("memory, files, threads", "the last life of the service was too short to tell")]
    return [
        ("last life of the service, after warm-up", f"{growth.minutes:.1f} min, {growth.service_mb:.0f} MB resident"),
        ("memory slope of the service", f"{growth.service_slope:+.1f} MB/h"),
        ("memory slope of the camera processes", f"{growth.cameras_slope:+.1f} MB/h each"),
        ("open files, start and end", f"{growth.files[0]} and {growth.files[1]}"),
        ("threads, start and end", f"{growth.threads[0]} and {growth.threads[1]}"),
    ]


def _owed_at_the_end(log: Path) -> int:
    """What the last account in the log leaves open, of a service that ended in order. Raises SoakError without one."""
    accounts = accounts_in(log.read_text(encoding="utf-8"))
    if not set(RATES) <= set(accounts):
        raise SoakError(f"the service printed no account of its cameras; see {log}")
    return sum(abs(row[-1]) + abs(row[0] - row[1] - row[5]) for row in accounts.values())


def _gaps(places: set[Place]) -> int:
    counted: Counter[tuple[str, str]] = Counter((topic, epoch) for topic, epoch, _ in places)
    highest: dict[tuple[str, str], int] = {}
    for topic, epoch, number in places:
        highest[topic, epoch] = max(number, highest.get((topic, epoch), 0))
    return sum(highest[key] + 1 - count for key, count in counted.items())


def _latencies(lines: Sequence[Line]) -> tuple[float, float, float]:
    total_ms = np.array([line.total_ms for line in lines] or [0.0])
    p50, p99 = np.percentile(total_ms, [50, 99])
    return float(p50), float(p99), float(total_ms.max())
