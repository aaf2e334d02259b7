# ruff: noqa: E501 - lists of words, one wording a line
"""The words of questions that name things: defects, places, the previous part. One `Words` a language.

A defect has many names (`edge.defect_names`): a class of the bundle belongs to the groups that its own name or title
belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

# Of 3 x 3: which column or row is asked about; "edge" and "corner" are about the border whichever side.
Place = Literal["left", "right", "upper", "lower", "centre", "middle_row", "middle_column", "edge", "corner"]
PLACES: tuple[Place, ...] = get_args(Place)


@dataclass(frozen=True, slots=True)
class Words:
    """What one language calls things. previous_told: a pattern for ways to tell of the part before. fillers: what is said before and after a question out of politeness."""

    any_defect: tuple[str, ...]
    previous: tuple[str, ...]
    previous_told: str
    part: tuple[str, ...]
    near: tuple[str, ...]
    fillers: tuple[str, ...]
    places: Mapping[str, frozenset[Place]]


def _set(*places: Place) -> frozenset[Place]:
    return frozenset(places)


_ENGLISH_PARTS = (
    "part", "piece", "workpiece", "product", "item", "flange", "casting", "plate", "sample", "unit", "component", "disc", "specimen",
    "body", "blank", "gear", "lid", "shaft", "ring", "housing", "panel", "thing",
)  # fmt: skip

_ENGLISH_THE_ONE = rf"(?:the |that |a )?(?:one|1|{'|'.join(_ENGLISH_PARTS)})"
_ENGLISH_BEFORE = "|".join(
    (
        rf"{_ENGLISH_THE_ONE}(?: (?:that|which))?(?: (?:was|came|ran|passed|went(?: through)?))?"
        r"(?: (?:just|right|directly|immediately|shortly))? (?:before|ahead of|in front of|preceding|prior to)"
        rf"(?: (?:it|this one|that one|this|that|{'|'.join(f'this {part}' for part in _ENGLISH_PARTS)})(?![a-z]))?",
        rf"{_ENGLISH_THE_ONE}(?: (?:that|which))? (?:just )?(?:came|went|passed|ran)(?: (?:through|by|past|out))?"
        r" (?:just now|before|earlier|last|a moment ago)",
        rf"{_ENGLISH_THE_ONE}(?: (?:that|which))? just (?:came|went|passed|ran|left)(?: (?:through|by|past|out))?",
        rf"{_ENGLISH_THE_ONE}(?: (?:that|which))? (?:we|you|i|it) (?:just )?(?:had|saw|looked at|judged|checked|inspected|"
        r"showed|took off)(?: (?:just now|before|earlier|last|a moment ago))",
        rf"{_ENGLISH_THE_ONE}(?: (?:that|which))? (?:we|you|i) just (?:had|saw|looked at|judged|checked|inspected|showed|took off)",
        rf"{_ENGLISH_THE_ONE} (?:from )?(?:just now|earlier|a moment ago|a minute ago|from before)",
        r"(?:the )?(?:last|prev|previous|preceding) (?:1|result|verdict|judgement|inspection|check|picture)(?! of| by| on)",
        r"(?:the )?most recent (?:one|part|piece)",
    )
)
# 剛剛那個人 and 前面那個站 are no parts.
_CHINESE_PIECE = "(?:件|個|片|顆|支|塊|隻|張|根|條|粒|枚|筆|pcs)(?![人站班月問警訊畫螢錯訂客工機檔按])(?:零件|工件|產品|東西|板子|料|貨)?"
_CHINESE_BEFORE = "|".join(
    (
        rf"(?<![往目以])(?:再?上一?|前一?|前面|前頭|剛剛?|剛才|先前|之前|稍早|早一點|上次|上一次)的?那?一?{_CHINESE_PIECE}",
        rf"(?:剛剛?|剛才|前面|之前|先前|上次)(?:才)?(?:過去|走掉|出去|下線|流過去?|檢查?|驗|拍|看|測|判)(?:完|過|好)?的?(?:那)一?{_CHINESE_PIECE}",
        "(?<=[比跟和與])(?:剛剛|剛才|之前|先前|前面|上次|上一次|前者)的?(?=[比相有一同是差更還嚴沒不也都]|$|[?？])",
    )
)

ENGLISH = Words(
    any_defect=(
        "defect", "defects", "flaw", "flaws", "fault", "faults", "anomaly", "anomalies", "damage", "blemish", "blemishes",
        "imperfection", "imperfections", "problem", "problems", "mark", "marks", "spot", "spots", "issue", "issues",
        "irregularity", "irregularities", "abnormality", "abnormalities", "nonconformity", "nonconformities", "deficiency",
        "deficiencies", "anything off", "anything odd", "anything strange", "something off", "something odd",
        "damaged", "anything wrong", "something wrong", "anything bad", "anything unusual", "anything abnormal",
    ),
    previous=(
        *(
            f"{the}{which} {what}"
            for the in ("the ", "")
            for which in ("previous", "last", "preceding", "prior", "former", "earlier")
            for what in ("one", *_ENGLISH_PARTS)
        ),
        *(
            f"{the}{what} before{it}"
            for the in ("the ", "")
            for what in ("one", *_ENGLISH_PARTS, "part just", "one just", "piece just", "one right")
            for it in ("", " it", " this", " that", " this one")
        ),
        "its predecessor", "the predecessor", "predecessor", "previous",
    ),
    previous_told=_ENGLISH_BEFORE,
    part=(
        *(f"{which} {what}" for which in ("the", "this", "that") for what in _ENGLISH_PARTS), "this one",
        "the current one", "the current part", "my part", "our part",
    ),
    fillers=(
        "please", "tell me", "can you tell me", "could you tell me", "would you tell me", "do you know", "so",
        "hey", "now", "well", "i want to know", "i would like to know", "id like to know", "just", "excuse me", "i wonder",
        "in your opinion", "here", "then", "exactly", "by any chance", "roughly", "in this picture", "on this part",
        "somewhere", "for me", "thanks", "thank you", "hello", "hi", "and", "maybe", "perhaps", "actually", "again", "say",
        "in this image", "on the part", "at all", "there", "approximately", "about", "could you please", "sorry", "um",
        "good morning", "good evening", "i see", "okay", "alright", "i think", "would you say", "do you think", "in the picture", "in the image", "on it",
    ),
    near=("near", "next to", "close to", "beside", "around", "adjacent to", "touching", "alongside"),
    places=MappingProxyType(
        {
            "upper left": _set("upper", "left"), "top left": _set("upper", "left"),
            "upper-left": _set("upper", "left"), "top-left": _set("upper", "left"),
            "upper right": _set("upper", "right"), "top right": _set("upper", "right"),
            "upper-right": _set("upper", "right"), "top-right": _set("upper", "right"),
            "lower left": _set("lower", "left"), "bottom left": _set("lower", "left"),
            "lower-left": _set("lower", "left"), "bottom-left": _set("lower", "left"),
            "lower right": _set("lower", "right"), "bottom right": _set("lower", "right"),
            "lower-right": _set("lower", "right"), "bottom-right": _set("lower", "right"),
            "left": _set("left"), "left-hand": _set("left"), "right": _set("right"), "right-hand": _set("right"),
            "top": _set("upper"), "upper": _set("upper"), "above": _set("upper"),
            "bottom": _set("lower"), "lower": _set("lower"), "below": _set("lower"),
            "centre": _set("centre"), "center": _set("centre"), "middle": _set("centre"), "central": _set("centre"),
            "edge": _set("edge"), "edges": _set("edge"), "border": _set("edge"), "rim": _set("edge"),
            "margin": _set("edge"), "perimeter": _set("edge"), "periphery": _set("edge"), "circumference": _set("edge"),
            "leftmost": _set("left"), "rightmost": _set("right"), "topmost": _set("upper"), "lhs": _set("left"), "rhs": _set("right"),
            "corner": _set("corner"), "corners": _set("corner"),
        }
    ),
)  # fmt: skip

TAIWAN_CHINESE = Words(
    any_defect=("瑕疵", "缺陷", "問題", "異常", "不良", "毛病", "損傷", "受損", "損壞", "破損", "缺點", "缺失", "異狀", "傷痕", "印子", "痕跡", "壞的地方", "不對勁", *ENGLISH.any_defect),
    previous=(
        "上一件", "上一個", "前一件", "前一個", "上一片", "前一片", "上個零件", "上一顆", "前一顆", "前面那件",
        "上個工件", "前一個工件", "上一個工件", "上一個零件", "前一個零件", "先前那件", "之前那件", "剛才那件", "前件",
        *(f"{which}{what}" for which in ("上一", "前一") for what in "件個片顆支塊隻"),
        *ENGLISH.previous,
    ),
    previous_told=_CHINESE_BEFORE,
    part=(
        "這件產品", "這個產品", "這個工件", "這個零件", "這一件", "這件", "這片", "此件", "這個法蘭", "零件", "工件", "法蘭", "鑄件", "樣品",
        "產品", "這個東西", "這一個", "這顆", "這支", "這塊", "這pcs", "這個part", "這隻", "這張", "這根", "這條", "這粒", "這枚", "這一片", "這一顆", "這一支", "這一塊", "這東西", "此片", "板子", "本件", "該件", "part",
    ),
    fillers=(
        "請問", "請問一下", "我想知道", "請告訴我", "告訴我", "那", "那麼", "好", "欸", "請問你", "麻煩問一下", "麻煩", "所以", "你知道",
        "幫我看", "想請問", "請", "呢", "謝謝", "啊", "喔", "啦", "你好", "哈囉", "一下", "到底", "大概", "大約", "現在", "請你", "究竟",
        "幫我", "我想問", "想問", "可以告訴我", "能不能告訴我", "不好意思", "嘛", "呀", "耶", "哦", "您好", "另外", "再", "其實", "了解", "好的", "知道了", "跟我說", "跟我講", "說一下", "講一下", "幫忙", "麻煩你", "拜託", "順便問", "順便問一下",
        "請教", "請教一下", "想請教", "老實說", "簡單說", "我要知道", "對了", "話說", "嗯", "齁", "唷", "囉", "嘍", "感謝", "感恩", "辛苦了", "對吧", "是吧",
    ),
    near=("附近", "旁邊", "周圍", "隔壁", "邊上", "靠近", "鄰近"),
    places=MappingProxyType(
        {
            **ENGLISH.places,
            "左上角": _set("upper", "left"), "左上方": _set("upper", "left"), "左上": _set("upper", "left"),
            "右上角": _set("upper", "right"), "右上方": _set("upper", "right"), "右上": _set("upper", "right"),
            "左下角": _set("lower", "left"), "左下方": _set("lower", "left"), "左下": _set("lower", "left"),
            "右下角": _set("lower", "right"), "右下方": _set("lower", "right"), "右下": _set("lower", "right"),
            "左半邊": _set("left"), "左側": _set("left"), "左邊": _set("left"), "左方": _set("left"), "左面": _set("left"),
            "右半邊": _set("right"), "右側": _set("right"), "右邊": _set("right"), "右方": _set("right"),
            "右面": _set("right"), "左": _set("left"), "右": _set("right"),
            "上半部": _set("upper"), "上方": _set("upper"), "上緣": _set("upper"),
            "頂部": _set("upper"), "上側": _set("upper"), "上部": _set("upper"), "上頭": _set("upper"),
            "下面": _set("lower"), "下半部": _set("lower"), "下方": _set("lower"), "下緣": _set("lower"),
            "底部": _set("lower"), "下側": _set("lower"), "下部": _set("lower"), "下頭": _set("lower"),
            "正中央": _set("centre"), "中央": _set("centre"), "中間": _set("centre"), "中心": _set("centre"),
            "正中間": _set("centre"), "邊緣": _set("edge"), "邊界": _set("edge"), "周邊": _set("edge"),
            "外緣": _set("edge"), "外圈": _set("edge"), "邊框": _set("edge"), "邊邊": _set("edge"), "四角": _set("corner"), "四個角": _set("corner"),
            "左手邊": _set("left"), "右手邊": _set("right"), "左半部": _set("left"), "右半部": _set("right"),
            "上半": _set("upper"), "下半": _set("lower"), "最上面": _set("upper"), "最下面": _set("lower"), "底下": _set("lower"),
            "頂端": _set("upper"), "上端": _set("upper"), "下端": _set("lower"), "底端": _set("lower"), "正中": _set("centre"), "角落": _set("corner"), "邊角": _set("corner"),
        }
    ),
)  # fmt: skip
