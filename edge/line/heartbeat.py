"""The reports that say every second that the line lives, and how."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import psutil

from edge.bundle.load import Bundle
from edge.bundle.manifest import ClassSpec, Manifest
from edge.engines.choose import OpenedEngine
from edge.feed.publisher import Numbers
from edge.line.capture import Capture
from edge.line.ledger import Account, Ledger
from edge.line.rate import Latencies, Rate
from edge.line.recipes import Recipes
from edge.messages import (
    SCHEMA_VERSION,
    CameraReport,
    LineReport,
    Note,
    PartReport,
    Verdict,
    VerdictMark,
    time_text,
    topic_for,
)
from edge.store.backlog import StoreHealth
from edge.verdict import UNKNOWN_DEFECT


@dataclass(frozen=True, slots=True)
class Pace:
    """Verdicts published a second, lately, and the time from capture to verdict."""

    verdicts_per_s: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What does not change while a line runs; `started` as the feed writes times."""

    line: str
    bundle: str
    bundle_name: str
    has_good_class: bool
    titles: dict[str, dict[str, str]]
    engine: str
    engine_why: str
    started: str
    requests: str = ""
    defects: tuple[str, ...] = ()


def shown_classes(manifest: Manifest) -> tuple[ClassSpec, ...]:
    """The classes a verdict of this bundle may name."""
    return manifest.all_classes if manifest.decision.anomaly is None else (*manifest.all_classes, UNKNOWN_DEFECT)


def line_facts(line: str, bundles: Sequence[Bundle], opened: OpenedEngine, requests: str = "") -> LineFacts:
    """Collect the facts of a line that starts now.

    bundles: its own first, then those of its products. opened: what runs the first. requests: address of its request
    socket, if it has one.
    """
    manifest = bundles[0].manifest
    return LineFacts(
        line=line,
        bundle=manifest.bundle_id,
        bundle_name=manifest.name,
        has_good_class=any(b.manifest.has_good_class for b in bundles),
        titles={c.name: c.titles for b in reversed(bundles) for c in shown_classes(b.manifest)},
        engine=opened.engine.description,
        engine_why=opened.why,
        started=time_text(time.time_ns()),
        requests=requests,
        defects=tuple(dict.fromkeys(c.name for b in bundles for c in b.manifest.all_classes if c.kind == "defect")),
    )


class Reporter:
    """Makes the reports. Used by the writer thread; `pace` may be asked from any."""

    def __init__(
        self, facts: LineFacts, captures: Sequence[Capture], ledger: Ledger, numbers: Numbers, recipes: Recipes
    ) -> None:
        self._facts = facts
        self._recipes = recipes
        self._captures = captures
        self._ledger = ledger
        self._numbers = numbers
        self._rate = Rate()
        self._total_ms = Latencies()
        self._last: dict[str, int] = {}
        self._store = StoreHealth()

    def count(self, verdict: Verdict) -> None:
        """A verdict was published."""
        self._last[verdict.topic] = max(verdict.number, self._last.get(verdict.topic, 0))
        self._rate.tick()
        self._total_ms.add(verdict.timings.total_ms)

    def published(self, messages: Iterable[Note | PartReport | VerdictMark]) -> None:
        """Messages that are stored as verdicts are, but are none."""
        for message in messages:
            self._last[message.topic] = max(message.number, self._last.get(message.topic, 0))

    @property
    def engine(self) -> str:
        """What runs the line's own bundle now."""
        return self._facts.engine

    def engine_changed(self, opened: OpenedEngine) -> None:
        """Another engine has taken over; from any thread."""
        self._facts = replace(self._facts, engine=opened.engine.description, engine_why=opened.why)

    def pace(self) -> Pace:
        p50_ms, p99_ms = self._total_ms.percentiles(50, 99)
        return Pace(self._rate.per_second(), p50_ms, p99_ms)

    def note_store(self, health: StoreHealth) -> None:
        """The store was looked at."""
        self._store = health

    def line(self) -> LineReport:
        """The line's heartbeat of this moment."""
        facts, pace = self._facts, self.pace()
        topic = topic_for("line", facts.line)
        return LineReport(
            schema=SCHEMA_VERSION,
            topic=topic,
            epoch=self._numbers.epoch,
            number=self._numbers.next(topic),
            line=facts.line,
            time=time_text(time.time_ns()),
            started=facts.started,
            bundle=facts.bundle,
            bundle_name=facts.bundle_name,
            engine=facts.engine,
            engine_why=facts.engine_why,
            cameras=tuple(capture.name for capture in self._captures),
            verdicts_per_s=pace.verdicts_per_s,
            p50_ms=pace.p50_ms,
            p99_ms=pace.p99_ms,
            memory_mb=psutil.Process().memory_info().rss / 1e6,
            has_good_class=facts.has_good_class,
            titles=facts.titles,
            last=dict(self._last),
            requests=facts.requests,
            store=self._store.state,
            store_detail=self._store.detail,
            unstored=self._store.waiting,
            never_stored=self._store.never_stored,
            defects=facts.defects,
        )

    def cameras(self) -> list[CameraReport]:
        """Every camera's state and figures of this moment."""
        accounts = self._ledger.accounts()
        return [self._camera(capture, accounts[capture.name]) for capture in self._captures]

    def _camera(self, capture: Capture, account: Account) -> CameraReport:
        topic = topic_for("camera", self._facts.line, capture.name)
        status = capture.status
        return CameraReport(
            schema=SCHEMA_VERSION,
            topic=topic,
            epoch=self._numbers.epoch,
            number=self._numbers.next(topic),
            line=self._facts.line,
            camera=capture.name,
            time=time_text(time.time_ns()),
            state=status.state,
            detail=status.detail,
            fps=capture.fps,
            triggers=account.triggers,
            verdicts=account.verdicts,
            dropped=account.dropped,
            in_flight=account.in_flight,
            ok=account.ok,
            ng=account.ng,
            undecided=account.undecided,
            product=self._recipes.of(capture.name).product,
            dropped_by=dict(account.dropped_by),
        )
