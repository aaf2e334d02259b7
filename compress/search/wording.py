"""Queries as people type them, in English and Traditional Chinese: one set of wordings to learn from, one held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from compress.search.query import Count, Query
from edge.search.seen import Cell, Size

LANGUAGES = ("en", "zh-TW")


@dataclass(frozen=True, slots=True)
class Wording:
    """Ways to say each fact in one language, and frames that put them together.

    A frame has {size}, {what}, {where} and {count}; what is not asked is empty. what: where no class is asked.
    """

    frames: Sequence[str]
    what: Sequence[str]
    size: Mapping[Size, Sequence[str]]
    cell: Mapping[Cell, Sequence[str]]
    at_edge: Sequence[str]
    central: Sequence[str]
    count: Mapping[Count, Sequence[str]]


def say(query: Query, wording: Wording, names: Sequence[str], rng: np.random.Generator) -> str:
    """The query in words. names: what its class may be called, empty where it asks for none."""
    where = ""
    if query.row is not None and query.column is not None:
        where = _one(wording.cell[query.row, query.column], rng)
    elif query.at_edge:
        where = _one(wording.at_edge, rng)
    elif query.central:
        where = _one(wording.central, rng)
    frame = _one(wording.frames, rng)
    return " ".join(
        frame.format(
            size="" if query.size is None else _one(wording.size.get(query.size, ("",)), rng),
            what=_one(names if query.class_name is not None else wording.what, rng),
            where=where,
            count="" if query.count is None else _one(wording.count[query.count], rng),
        ).split()
    )


def _one(ways: Sequence[str], rng: np.random.Generator) -> str:
    return ways[int(rng.integers(len(ways)))]


def _cells(ways: Mapping[str, Sequence[str]]) -> dict[Cell, Sequence[str]]:
    return {
        ("upper", "left"): ways["upper left"],
        ("upper", "centre"): ways["top"],
        ("upper", "right"): ways["upper right"],
        ("middle", "left"): ways["left"],
        ("middle", "centre"): ways["middle"],
        ("middle", "right"): ways["right"],
        ("lower", "left"): ways["lower left"],
        ("lower", "centre"): ways["bottom"],
        ("lower", "right"): ways["lower right"],
    }


LEARNT: Mapping[str, Wording] = {
    "en": Wording(
        frames=(
            "{count} {size} {what} {where}",
            "{size} {what} {where} {count}",
            "{where} {size} {what}",
            "part with {count} {size} {what} {where}",
            "a {size} {what} {where}",
            "{what} {where}, {size} {count}",
            "show parts with a {size} {what} {where}",
            "{what} {size} {where}",
            "find {count} {size} {what} {where}",
        ),
        what=("defect", "defects", "flaw", "something", "mark", ""),
        size={"small": ("small", "tiny", "little", "slight"), "large": ("large", "big", "huge", "wide")},
        cell=_cells(
            {
                "upper left": (
                    "upper left",
                    "top left",
                    "at the upper left",
                    "in the top left corner",
                    "near the upper left edge",
                ),
                "top": ("at the top", "top", "upper side", "near the top edge", "above the centre"),
                "upper right": ("upper right", "top right", "at the upper right", "in the top right corner"),
                "left": ("left", "on the left", "left side", "near the left edge", "left of the centre"),
                "middle": ("in the centre", "in the middle", "centre", "center"),
                "right": ("right", "on the right", "right side", "near the right edge", "right of the centre"),
                "lower left": ("lower left", "bottom left", "at the lower left", "in the bottom left corner"),
                "bottom": ("at the bottom", "bottom", "lower side", "near the bottom edge", "below the centre"),
                "lower right": ("lower right", "bottom right", "at the lower right", "in the bottom right corner"),
            }
        ),
        at_edge=("near the edge", "at the edge", "at the border", "close to the edge", "along the rim"),
        central=("in the centre", "in the middle", "at the center", "centre", "central"),
        count={
            "one": ("one", "a single", "1"),
            "two": ("two", "2", "a pair of"),
            "many": ("several", "many", "multiple", "three or more"),
        },
    ),
    "zh-TW": Wording(
        frames=(
            "{where}{size}{what}{count}",
            "{where}有{count}{size}{what}",
            "{size}{what}{where}",
            "{count}{size}{what}在{where}",
            "{what}位於{where}{size}",
            "{where}的{size}{what}",
            "有{size}{what}的零件{where}",
            "{what}{where}",
            "找{where}{count}{size}{what}",
        ),
        what=("瑕疵", "缺陷", "不良", "痕跡", ""),
        size={"small": ("小", "小的", "細小", "輕微"), "large": ("大", "大的", "大片", "大面積")},
        cell=_cells(
            {
                "upper left": ("左上", "左上角", "左上方", "靠近左上邊緣"),
                "top": ("上方", "上面", "上側", "頂部"),
                "upper right": ("右上", "右上角", "右上方"),
                "left": ("左側", "左邊", "左方"),
                "middle": ("中央", "中間", "中心"),
                "right": ("右側", "右邊", "右方"),
                "lower left": ("左下", "左下角", "左下方"),
                "bottom": ("下方", "下面", "下側", "底部"),
                "lower right": ("右下", "右下角", "右下方"),
            }
        ),
        at_edge=("邊緣", "靠近邊緣", "邊緣處", "外緣", "邊上"),
        central=("中央", "中間", "中心", "正中央"),
        count={
            "one": ("一處", "一個", "單一"),
            "two": ("兩處", "兩個", "二處"),
            "many": ("多處", "多個", "好幾處", "數處"),
        },
    ),
}

# Never trained on: other frames, and other ways to say where, how large and how many.
HELD_OUT: Mapping[str, Wording] = {
    "en": Wording(
        frames=(
            "which parts had {count} {size} {what} {where}?",
            "I am looking for {size} {what} {where} {count}",
            "pieces showing {count} {size} {what} that sits {where}",
            "{where}: {size} {what} ({count})",
        ),
        what=("damage", "fault"),
        size={"small": ("smallish", "small-sized"), "large": ("larger", "big-sized")},
        cell=_cells(
            {
                "upper left": ("towards the upper left side", "left, upper part"),
                "top": ("in the upper part", "up at the top"),
                "upper right": ("towards the upper right side", "right, upper part"),
                "left": ("over on the left hand side",),
                "middle": ("right in the middle",),
                "right": ("over on the right hand side",),
                "lower left": ("towards the lower left side", "left, lower part"),
                "bottom": ("in the lower part", "down at the bottom"),
                "lower right": ("towards the lower right side", "right, lower part"),
            }
        ),
        at_edge=("right by the edge", "on the outer edge"),
        central=("around the centre", "about the middle"),
        count={"one": ("exactly one",), "two": ("exactly two",), "many": ("a lot of several",)},
    ),
    "zh-TW": Wording(
        frames=(
            "哪些零件{where}出現{count}{size}{what}？",
            "請列出{what}，{size}，{where}，{count}",
            "想找{size}{what}，就在{where}{count}",
        ),
        what=("損傷", "異常"),
        size={"small": ("較小的", "小小的"), "large": ("較大的", "很大的")},
        cell=_cells(
            {
                "upper left": ("偏左上的位置", "左上部位"),
                "top": ("偏上方的位置",),
                "upper right": ("偏右上的位置", "右上部位"),
                "left": ("偏左側的位置", "左半邊"),
                "middle": ("正中間",),
                "right": ("偏右側的位置", "右半邊"),
                "lower left": ("偏左下的位置", "左下部位"),
                "bottom": ("偏下方的位置",),
                "lower right": ("偏右下的位置", "右下部位"),
            }
        ),
        at_edge=("緊鄰邊緣的地方", "最外緣"),
        central=("中央附近", "中間部位"),
        count={"one": ("只有一處",), "two": ("共兩處",), "many": ("共有多處",)},
    ),
}
