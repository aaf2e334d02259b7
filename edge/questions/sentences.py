"""The sentences that answer questions, in each language. `{...}` are filled in by `str.format`.

Words for facts (places, reasons, severities, what to do) are those of reports, in `edge.language.grammar`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from edge.questions.mentions import Language
from edge.verdict import Status


@dataclass(frozen=True, slots=True)
class Sentences:
    """One language's. A language that lacks one cannot be constructed."""

    yes: str
    no: str
    cannot_tell: str
    knows: str
    strange: str
    undecided: str
    unsure: str
    nothing_near: str
    no_place_marked: str
    unknown_defect: str
    follow_what: str
    none_found: str
    no_defect: str
    only_other: str
    found: str
    found_in: str
    how_many: str
    how_many_in: str
    elsewhere: str
    what: str
    where: str
    size: str
    size_mm: str
    largest: str
    status: Mapping[Status, str]
    because: str
    good: str
    action: str
    severity: str
    no_previous: str
    previous: str
    same: str
    different: str
    more_places: str
    fewer_places: str
    larger: str
    smaller: str
    any_defect: str
    comma: str
    empty: str
    too_long: str
    too_many: str


ENGLISH = Sentences(
    yes="Yes. ",
    no="No. ",
    cannot_tell="I cannot tell. ",
    knows="I answer what the inspection knows of this part: whether, how many, what, where and how large.",
    strange="This model knows no “{name}”; it knows {classes}.",
    undecided="This part is UNDECIDED: {reason}.",
    unsure="The model is not sure: most likely {name}, {percent}.",
    nothing_near="The inspection does not know where “{thing}” is.",
    no_place_marked="Found: {name}, but no place is marked.",
    unknown_defect="Something unlike a good part was found, and it is none of the defects that this model knows.",
    follow_what="Ask it whole: there is no question before it.",
    none_found="Not found: {name}.",
    no_defect="No defect was found.",
    only_other="Found: {name}.",
    found="Found: {name}, in {count}: {places}.",
    found_in="Found there: {name} ({places}).",
    how_many="{count}, {name}.",
    how_many_in="{count} there, {name}.",
    elsewhere="Found elsewhere: {name} ({places}).",
    what="{name}, with a probability of {percent}.",
    where="{name}: {places}.",
    size="{name}: {w} × {h} pixels, {place}.",
    size_mm="{name}: {mm_w:g} × {mm_h:g} mm ({w} × {h} pixels), {place}.",
    largest="The largest of {count}. ",
    status=MappingProxyType({"OK": "The part is OK.", "NG": "The part is NG.", "UNDECIDED": "The part is UNDECIDED."}),
    because=" {why}",
    good="Nothing was found.",
    action="What to do: {what}.",
    severity="{name}: {degree}, by the area of what is marked.",
    no_previous="No part before this one is known.",
    previous="The previous part ({number}) was {status}{what}; this one is {now}{now_what}.",
    same=" The same kind.",
    different=" Not the same.",
    more_places=" More places than before.",
    fewer_places=" Fewer places than before.",
    larger=" Larger than before.",
    smaller=" Smaller than before.",
    any_defect="defect",
    comma=", ",
    empty="There is no question. Ask, for example: How many scratches are there on the left?",
    too_long="A question may have at most {most:,} characters; this one has {length:,}.",
    too_many="At most {most} questions at once; ask the others again.",
)  # fmt: skip

TAIWAN_CHINESE = Sentences(
    yes="是。",
    no="否。",
    cannot_tell="無法判斷。",
    knows="我只能回答檢測所知道的：有沒有、有幾處、是什麼、在哪裡、有多大。",
    strange="此模型不認得「{name}」，只認得{classes}。",
    undecided="此件待判：{reason}。",
    unsure="模型信心不足：最可能是{name}，{percent}。",
    nothing_near="檢測不知道「{thing}」在哪裡。",
    no_place_marked="有{name}，但沒有標示位置。",
    unknown_defect="發現與良品不同之處，但不屬於此模型認得的任何瑕疵。",
    follow_what="前面沒有問題可以接續，請完整地問。",
    none_found="沒有發現{name}。",
    no_defect="沒有發現瑕疵。",
    only_other="發現的是{name}。",
    found="有{name}，共 {count}：{places}。",
    found_in="該處有{name}：{places}。",
    how_many="{count}，{name}。",
    how_many_in="該處有 {count}，{name}。",
    elsewhere="{name}在別處：{places}。",
    what="{name}，機率 {percent}。",
    where="{name}：{places}。",
    size="{name}：{w} × {h} 像素，{place}。",
    size_mm="{name}：{mm_w:g} × {mm_h:g} 公厘（{w} × {h} 像素），{place}。",
    largest="共 {count}，最大的一處：",
    status=MappingProxyType({"OK": "此件合格（OK）。", "NG": "此件不合格（NG）。", "UNDECIDED": "此件待判。"}),
    because="{why}",
    good="沒有發現異狀。",
    action="處置：{what}。",
    severity="{name}：{degree}（依標示面積）。",
    no_previous="不知道此件之前的工件。",
    previous="上一件（{number}）為 {status}{what}；這件為 {now}{now_what}。",
    same="種類相同。",
    different="並不相同。",
    more_places="處數比之前多。",
    fewer_places="處數比之前少。",
    larger="比之前大。",
    smaller="比之前小。",
    any_defect="瑕疵",
    comma="、",
    empty="沒有問題。可以這樣問：左邊有幾處刮痕？",
    too_long="問題最多 {most:,} 字，這裡有 {length:,} 字。",
    too_many="一次最多 {most} 個問題，其餘請再問一次。",
)  # fmt: skip

SENTENCES: Mapping[Language, Sentences] = MappingProxyType({"en": ENGLISH, "zh-TW": TAIWAN_CHINESE})

UNSUPPORTED = "Please ask in English or Traditional Chinese. 請用英文或繁體中文提問。"
