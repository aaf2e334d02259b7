"""Every text the dashboard shows, in each language it speaks. `{...}` are filled in by `str.format`.

What a status and a reason are called is as in reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from edge.language.grammar import en, zh_tw
from edge.messages import CameraState, DropReason, ReportState, StoreState
from edge.verdict import Reason, Status

Language = Literal["zh-TW", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


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


ENGLISH = Texts(
    language_name="English",
    page_title="{line} · inspection",
    status=en.ENGLISH.status,
    reason=en.ENGLISH.reason,
    camera_state=MappingProxyType({"opening": "connecting", "up": "running", "down": "camera down", "ended": "ended"}),
    live="LIVE",
    silent="SILENT",
    feed_silent="Feed silent since {time}: nothing below is current. Check the inspection service.",
    feed_never="No heartbeat yet from line “{line}” at {address}. Check the inspection service.",
    dashboard_gone="Connection to the dashboard lost: nothing below is current. Reconnecting …",
    bundle="Bundle",
    engine="Engine",
    speed="{rate} parts/s · p99 {p99} ms",
    waiting_for_line="Waiting for the line",
    waiting_for_part="Waiting for a part",
    waiting_for_picture="No picture yet",
    camera_unreported="no report yet",
    picture_of="Picture of {time}",
    frames_per_second="{fps} fps",
    yield_title="Yield",
    yield_hour="last 60 min",
    yield_now="last 5 min",
    yield_since_start="since start",
    parts_title="Inspected parts",
    no_good_class="Yield —: this bundle has no good class, it only tells defects apart.",
    no_parts="No parts in the last 60 minutes.",
    parts="{count} parts",
    totals_since="Since {time}",
    chart_title="Rejects per minute",
    chart_title_classes="Classes per minute",
    pareto_title="Rejects by class, last 60 min",
    pareto_cumulative="cumulative",
    other_classes="Other",
    no_class="Undecided, no class",
    no_defects="No rejects in the last 60 minutes.",
    ledger="{triggers} triggers = {verdicts} verdicts + {dropped} dropped + {in_flight} in work",
    ledger_wrong="Ledger does not add up: {triggers} ≠ {verdicts} + {dropped} + {in_flight}",
    search_title="Search",
    search_hint="oil stain near the edge, scratch upper left, or a verdict's id",
    search_help="Describe a part in English or Chinese and press Enter.",
    search_running="Searching …",
    search_nothing="No part was found.",
    dropped_by=MappingProxyType({"overload": "too fast {count}", "stopped": "line stopped {count}"}),
    store_state=MappingProxyType(
        {
            "ok": "Verdicts are being stored",
            "full": "Disk full: inspection goes on, {count} verdicts wait in memory, pictures are not kept",
            "failing": "Disk fails: inspection goes on, {count} verdicts wait in memory, pictures are not kept",
        }
    ),
    never_stored="{count} verdicts lost to the history",
    gallery_title="Latest rejects",
    gallery_empty="No rejected parts yet.",
    no_picture="No picture kept",
    defect_map="Defect map",
    defect_map_strength="Strength of the defect map",
    history_unreadable="History not readable: {error}",
    close="Close",
    detail_id="ID",
    detail_camera="Camera",
    detail_time="Captured",
    detail_class="Class",
    detail_probability="Probability",
    detail_defect_score="Defect score",
    detail_reason="Reason",
    detail_boxes="Defect places",
    detail_timings="Timing",
    timing_wait="waiting",
    timing_preprocess="preprocessing",
    timing_engine="inference",
    timing_decide="decision",
    timing_total="total",
    detail_bundle="Bundle",
    detail_engine="Engine",
    report="Report",
    report_state=MappingProxyType(
        {
            "queued": "is being written …",
            "ready": "not in this language",
            "expired": "not written in time",
            "shed": "not written: too many parts at once",
        }
    ),
    report_point="Point at underlined words to see their place; at the model's own, to see where it looked.",
    report_words="The model's own words, may be wrong",
    ask="Ask about this part",
    ask_example="Is there a scratch on the left? How large is it?",
    ask_failed="No answer: {error}",
    mark_wrong="This verdict is wrong",
    mark_undecided="Say what it really was",
    mark_question="What was it really?",
    mark_good="Good",
    mark_another="Another defect",
    mark_unknown="Wrong, not sure what",
    mark_note="Note (optional)",
    mark_by="Your name (optional)",
    mark_cancel="Cancel",
    mark_saving="Saving …",
    mark_failed="Not marked: {error}",
    marked="Marked. Really: {truth}",
    mark_change="Change",
    mark_withdraw="Withdraw",
)

TAIWAN_CHINESE = Texts(
    language_name="中文",
    page_title="{line} · 產線檢測",
    status=zh_tw.TAIWAN_CHINESE.status,
    reason=zh_tw.TAIWAN_CHINESE.reason,
    camera_state=MappingProxyType({"opening": "連線中", "up": "運作中", "down": "相機斷線", "ended": "影像播放完畢"}),
    live="即時",
    silent="無訊號",
    feed_silent="自 {time} 起未收到產線訊號，以下畫面皆非即時資料，請確認檢測服務。",
    feed_never="尚未收到產線「{line}」的訊號（{address}），請確認檢測服務。",
    dashboard_gone="與看板主機斷線，以下畫面皆非即時資料，重新連線中…",
    bundle="模型包",
    engine="推論引擎",
    speed="每秒 {rate} 件 · p99 {p99} ms",
    waiting_for_line="等待產線訊號",
    waiting_for_part="等待工件",
    waiting_for_picture="尚無影像",
    camera_unreported="尚未回報",
    picture_of="影像時間 {time}",
    frames_per_second="{fps} fps",
    yield_title="良率",
    yield_hour="近 60 分鐘",
    yield_now="近 5 分鐘",
    yield_since_start="本次啟動以來",
    parts_title="檢測件數",
    no_good_class="良率 —：此模型包沒有良品類別，僅分類缺陷。",
    no_parts="近 60 分鐘沒有工件。",
    parts="{count} 件",
    totals_since="自 {time} 起",
    chart_title="每分鐘不良與待判數",
    chart_title_classes="每分鐘各類別數量",
    pareto_title="不良柏拉圖（近 60 分鐘）",
    pareto_cumulative="累計",
    other_classes="其他",
    no_class="待判（無類別）",
    no_defects="近 60 分鐘沒有不良品。",
    ledger="觸發 {triggers} = 判定 {verdicts} + 未檢 {dropped} + 處理中 {in_flight}",
    ledger_wrong="數量不符：觸發 {triggers} ≠ 判定 {verdicts} + 未檢 {dropped} + 處理中 {in_flight}",
    search_title="搜尋",
    search_hint="邊緣油污、左上刮傷，或判定編號",
    search_help="以中文或英文描述零件，按 Enter 搜尋",
    search_running="搜尋中 …",
    search_nothing="找不到相符的零件",
    dropped_by=MappingProxyType({"overload": "來不及檢 {count}", "stopped": "停線未檢 {count}"}),
    store_state=MappingProxyType(
        {
            "ok": "判定紀錄存檔正常",
            "full": "磁碟已滿：檢測照常，{count} 筆判定暫存於記憶體，影像不再保留",
            "failing": "磁碟異常：檢測照常，{count} 筆判定暫存於記憶體，影像不再保留",
        }
    ),
    never_stored="{count} 筆判定未能存入歷史紀錄",
    gallery_title="最近檢出的不良與待判",
    gallery_empty="目前沒有不良品。",
    no_picture="未保留影像",
    defect_map="缺陷熱區圖",
    defect_map_strength="熱區圖深淺",
    history_unreadable="無法讀取歷史紀錄：{error}",
    close="關閉",
    detail_id="編號",
    detail_camera="相機",
    detail_time="拍攝時間",
    detail_class="類別",
    detail_probability="機率",
    detail_defect_score="缺陷分數",
    detail_reason="待判原因",
    detail_boxes="缺陷位置",
    detail_timings="耗時",
    timing_wait="等待",
    timing_preprocess="前處理",
    timing_engine="推論",
    timing_decide="判定",
    timing_total="合計",
    detail_bundle="模型包",
    detail_engine="推論引擎",
    report="報告",
    report_state=MappingProxyType(
        {
            "queued": "撰寫中…",
            "ready": "沒有此語言的報告",
            "expired": "未能及時寫成",
            "shed": "未撰寫：同時件數過多",
        }
    ),
    report_point="指向或點選畫線字句，影像會標出位置；模型的說法則標出它看的地方。",
    report_words="模型的說法，可能有誤",
    ask="詢問此件",
    ask_example="左邊有刮痕嗎？有多大？",
    ask_failed="沒有回答：{error}",
    mark_wrong="這個判定有誤",
    mark_undecided="標記實際結果",
    mark_question="實際上是什麼？",
    mark_good="良品",
    mark_another="其他缺陷",
    mark_unknown="有誤，不確定",
    mark_note="備註（可不填）",
    mark_by="姓名（可不填）",
    mark_cancel="取消",
    mark_saving="儲存中…",
    mark_failed="未能標記：{error}",
    marked="已標記，實際是：{truth}",
    mark_change="修改",
    mark_withdraw="撤銷標記",
)

TEXTS: Mapping[Language, Texts] = MappingProxyType({"zh-TW": TAIWAN_CHINESE, "en": ENGLISH})


def language_from(asked: str | None, default: Language) -> Language:
    """The language named in the page's address, or the default where it names none that exists."""
    return next((language for language in LANGUAGES if language == asked), default)


def class_title(name: str, titles: Mapping[str, Mapping[str, str]], language: Language) -> str:
    """What to call a class: its title in this language where the bundle gives one, else its name in the data."""
    return titles.get(name, {}).get(language) or name
