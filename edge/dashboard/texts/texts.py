"""Which texts the dashboard shows. `{...}` in them are filled in by `str.format`.

What a status and a reason are called is as in reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge.messages import CameraState, DropReason, ReportState, StoreState
from edge.verdict import Reason, Status


@dataclass(frozen=True, slots=True)
class Texts:
    """One language's texts. A language that lacks one cannot be constructed."""

    language_name: str
    page_title: str
    status: Mapping[Status, str]
    reason: Mapping[Reason, str]
    camera_state: Mapping[CameraState, str]
    live: str
    silent: str
    feed_silent: str
    feed_never: str
    dashboard_gone: str
    bundle: str
    engine: str
    speed: str
    waiting_for_line: str
    waiting_for_part: str
    waiting_for_picture: str
    camera_unreported: str
    picture_of: str
    frames_per_second: str
    yield_title: str
    yield_hour: str
    yield_now: str
    yield_since_start: str
    parts_title: str
    no_good_class: str
    no_parts: str
    parts: str
    totals_since: str
    chart_title: str
    chart_title_classes: str
    pareto_title: str
    pareto_cumulative: str
    other_classes: str
    no_class: str
    no_defects: str
    ledger: str
    ledger_wrong: str
    dropped_by: Mapping[DropReason, str]
    store_state: Mapping[StoreState, str]
    never_stored: str
    gallery_title: str
    search_title: str
    search_hint: str
    search_help: str
    search_running: str
    search_nothing: str
    gallery_empty: str
    no_picture: str
    defect_map: str
    defect_map_strength: str
    history_unreadable: str
    close: str
    detail_id: str
    detail_camera: str
    detail_time: str
    detail_class: str
    detail_probability: str
    detail_defect_score: str
    detail_reason: str
    detail_boxes: str
    detail_timings: str
    timing_wait: str
    timing_preprocess: str
    timing_engine: str
    timing_decide: str
    timing_total: str
    detail_bundle: str
    detail_engine: str
    report: str
    report_state: Mapping[ReportState, str]
    report_point: str
    report_words: str
    ask: str
    ask_example: str
    ask_failed: str
    mark_wrong: str
    mark_undecided: str
    mark_question: str
    mark_good: str
    mark_another: str
    mark_unknown: str
    mark_note: str
    mark_by: str
    mark_cancel: str
    mark_saving: str
    mark_failed: str
    marked: str
    mark_change: str
    mark_withdraw: str
