"""What a part is found by in words, with or without a report: its class in each language, what is where, its camera."""

from __future__ import annotations

from collections.abc import Mapping

from edge.messages import Verdict
from edge.search.seen import Cell, Patch, Size, seen_in

_ROWS = {"upper": ("upper", "上"), "middle": ("", ""), "lower": ("lower", "下")}
_COLUMNS = {"left": ("left", "左"), "centre": ("", ""), "right": ("right", "右")}
_SIZES: dict[Size, tuple[str, str]] = {"small": ("small", "小"), "medium": ("", ""), "large": ("large", "大")}
_STATUSES = {"OK": ("good", "良品"), "NG": ("defect", "不良"), "UNDECIDED": ("undecided", "待判")}


def written(verdict: Verdict, titles: Mapping[str, Mapping[str, str]]) -> str:
    """Words in both languages. titles: per class name and language."""
    words = [verdict.status, *_STATUSES[verdict.status], verdict.camera]
    if verdict.class_name is not None:
        words += [verdict.class_name.replace("_", " "), *titles.get(verdict.class_name, {}).values()]
    for patch in seen_in(verdict).patches:
        words += _placed(patch)
    return " ".join(word for word in words if word)


def _placed(patch: Patch) -> list[str]:
    cell: Cell = patch.cell
    row, column = _ROWS[cell[0]], _COLUMNS[cell[1]]
    middle = ("centre", "中央") if patch.is_central else ("", "")
    edge = ("edge", "邊緣") if patch.is_at_edge else ("", "")
    return [*_SIZES[patch.size], row[0], column[0], column[1] + row[1], *middle, *edge]
