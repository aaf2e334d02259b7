"""What people on a line call the same defect, in English and Traditional Chinese, beside what a bundle calls it.

A class goes by every word of the row in which its name or a title has a word. Rows may be added for any trade.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_ROWS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("scratch", "scratches", "score mark", "scuff"), ("刮傷", "刮痕", "劃痕", "擦傷")),
    (("dent", "ding", "indentation", "impact mark"), ("凹痕", "凹陷", "壓痕", "碰傷")),
    (("oil stain", "stain", "smudge", "oil", "dirty spot"), ("油污", "污漬", "髒污", "油漬", "污點")),
    (("crack", "fracture", "fissure"), ("裂紋", "裂痕", "裂縫")),
    (("missing hole", "hole missing", "undrilled hole"), ("缺孔", "漏孔", "漏鑽孔")),
    (("chipped edge", "chip", "broken edge", "nick"), ("崩邊", "缺角", "崩角", "缺口")),
    (("swarf", "metal shaving", "turnings"), ("切屑", "鐵屑", "金屬屑")),
    (("burr", "flash"), ("毛邊", "毛刺")),
    (("inclusion", "slag"), ("夾雜", "夾渣", "夾雜物")),
    (("crazing", "fine cracks"), ("龜裂", "細裂紋", "網狀裂紋")),
    (("patches", "patch", "blotch"), ("斑塊", "斑塊狀", "塊狀斑")),
    (("pitted surface", "pitting", "pits"), ("麻點", "凹坑", "點蝕")),
    (("rolled-in scale", "scale", "mill scale"), ("壓入氧化皮", "氧化皮", "鐵皮")),
    (("porosity", "pore", "blowhole"), ("氣孔", "砂孔", "孔洞")),
    (("rust", "corrosion"), ("鏽斑", "生鏽", "鏽蝕")),
    (("glue residue", "glue", "adhesive"), ("殘膠", "溢膠")),
    (("foreign matter", "contamination", "debris"), ("異物", "雜質")),
    (("bent", "deformed", "deformation"), ("變形", "彎曲")),
    (("discolouration", "discoloration", "colour"), ("變色", "色差")),
)
_GOOD = (("good part", "good", "no defect", "flawless part"), ("良品", "合格品", "無瑕疵", "正常品"))


def names_of(class_name: str, titles: Mapping[str, str], is_good: bool) -> dict[str, Sequence[str]]:
    """Per language what a class may be called, its own title first."""
    own = {"en": [titles.get("en", ""), class_name.replace("_", " ")], "zh-TW": [titles.get("zh-TW", "")]}
    words = [word.lower() for names in own.values() for word in names if word]
    row = _GOOD if is_good else _row(words)
    more = {"en": row[0], "zh-TW": row[1]} if row else {}
    return {
        language: tuple(dict.fromkeys(name.lower() for name in (*names, *more.get(language, ())) if name))
        or tuple(words[:1])
        for language, names in own.items()
    }


def usual_name(class_name: str, is_good: bool, language: str) -> str | None:
    """What people call such a class in a language (`en` or `zh-TW`); None where no row has its name."""
    row = _GOOD if is_good else _row([class_name.replace("_", " ").lower()])
    return row[0 if language == "en" else 1][0] if row else None


def _row(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The row that shares a whole word with these, the longest word first."""
    rows = sorted(
        ((len(known), row) for row in _ROWS for known in (*row[0], *row[1]) if known in words),
        key=lambda one: -one[0],
    )
    return rows[0][1] if rows else None
