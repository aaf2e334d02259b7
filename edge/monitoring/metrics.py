"""A line's state in Prometheus' words. Read when somebody asks; it costs the verdict path nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import psutil
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from edge.line.health import LineState
from edge.line.tally import BOUNDS_MS

_CAMERA = ("camera",)


class LineCollector(Collector):
    """Reads a fresh LineState at every scrape."""

    def __init__(self, state: Callable[[], LineState]) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        state = self._state()
        yield InfoMetricFamily(
            "edgevl_line", "What runs", {"line": state.line, "bundle": state.bundle, "engine": state.engine}
        )
        yield from _ledger(state)
        yield from _cameras(state)
        yield from _latency(state)
        yield from _store(state)
        yield from _reports(state)
        yield from _process()


def _ledger(state: LineState) -> Iterator[Metric]:
    triggers = CounterMetricFamily("edgevl_triggers", "Parts or frames to be judged", labels=_CAMERA)
    flying = GaugeMetricFamily("edgevl_in_flight", "Triggers without an answer yet", labels=_CAMERA)
    balance = GaugeMetricFamily("edgevl_unaccounted", "Must be 0", labels=_CAMERA)
    drops = CounterMetricFamily("edgevl_dropped", "Triggers without a verdict", labels=("camera", "cause"))
    for camera, account in state.accounts.items():
        triggers.add_metric([camera], account.triggers)
        flying.add_metric([camera], account.in_flight)
        balance.add_metric([camera], account.unaccounted)
        for cause, number in account.dropped_by.items():
            drops.add_metric([camera, cause], number)
    verdicts = CounterMetricFamily("edgevl_verdicts", "Published", labels=("camera", "status", "class", "reason"))
    for kind, number in state.kinds.items():
        verdicts.add_metric([kind.camera, kind.status, kind.class_name, kind.reason], number)
    yield from (triggers, verdicts, drops, flying, balance)


def _cameras(state: LineState) -> Iterator[Metric]:
    up = GaugeMetricFamily("edgevl_camera_up", "1 while it delivers pictures", labels=_CAMERA)
    for camera, status in state.cameras.items():
        up.add_metric([camera], float(status.state == "up"))
    waiting = GaugeMetricFamily("edgevl_frames_waiting", "Frames before the model", labels=_CAMERA)
    for camera, lane in state.queues.items():
        waiting.add_metric([camera], lane.depth)
    yield from (up, waiting)


def _latency(state: LineState) -> Iterator[Metric]:
    spent = HistogramMetricFamily("edgevl_stage_seconds", "Time a verdict spent in a stage", labels=("stage",))
    for stage, histogram in state.histograms.items():
        buckets, below = [], 0
        for bound, number in zip((*BOUNDS_MS, None), histogram.counts, strict=True):
            below += number
            buckets.append(("+Inf" if bound is None else str(bound / 1e3), float(below)))
        spent.add_metric([stage], buckets, histogram.sum_ms / 1e3)
    yield spent


def _store(state: LineState) -> Iterator[Metric]:
    store = state.store
    yield GaugeMetricFamily("edgevl_store_ok", "1 while verdicts reach the disk", float(store.state == "ok"))
    yield GaugeMetricFamily("edgevl_store_waiting", "Published and not stored yet", store.waiting)
    yield CounterMetricFamily("edgevl_never_stored", "Published and given up by the store", store.never_stored)
    if store.usage is not None:
        yield GaugeMetricFamily("edgevl_store_database_bytes", "The database", store.usage.database_bytes)
        yield GaugeMetricFamily("edgevl_store_picture_bytes", "Kept pictures", store.usage.picture_bytes)
        yield GaugeMetricFamily("edgevl_store_free_bytes", "Room on the disk", store.usage.free_bytes)


def _reports(state: LineState) -> Iterator[Metric]:
    ended = CounterMetricFamily("edgevl_reports", "Reports of parts that came to an end", labels=("state",))
    for name in ("ready", "expired", "shed"):
        ended.add_metric([name], state.reports.get(name, 0))
    yield ended
    yield GaugeMetricFamily("edgevl_reports_queued", "Reports under way", state.reports.get("queued", 0))


def _process() -> Iterator[Metric]:
    process = psutil.Process()
    yield GaugeMetricFamily("edgevl_resident_bytes", "Memory of the service", process.memory_info().rss)
    yield GaugeMetricFamily("edgevl_open_files", "Descriptors of the service", process.num_fds())
    yield GaugeMetricFamily("edgevl_threads", "Threads of the service", process.num_threads())
