# ruff: noqa: E501 - lists of words
"""What people call the same defect: who speaks of 刮痕 means the class titled 刮傷. Names of one group mean the same."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Each line is one kind of defect, in both languages: who asks may mix them.
DEFECT_NAMES = """
scratch scratches scratched scrape scrapes scuff scuffs scuffed scoring score-mark abrasion abraded gouge gouges gouged groove grooves | 刮傷 刮痕 擦傷 劃傷 劃痕 擦痕 刮花 刮到 劃到 擦到 磨痕 刀痕 刮
dent dents dented ding dings depression depressions dimple dimples bump bumps | 凹痕 凹陷 壓痕 撞痕 凹洞 碰傷 撞傷 壓傷 夾傷 夾痕 凹 撞到
stain stains stained smear smears smeared smudge smudges blot blotch oil-stain oil oily grease greasy grime soiled fingerprint fingerprints | 水漬 手印 指紋 髒污 油污 污漬 汙漬 污點 油漬 汙點 污跡 髒汙 沾污 髒 沾到油
crack cracks cracked fracture fractures fissure fissures hairline cracking split splits | 裂紋 崩裂 斷裂 裂痕 裂縫 破裂 龜裂紋 裂開 裂掉 裂
chip chips chipped chipping broken-edge chipped-edge nick nicks nicked notch notches | 掉角 崩邊 崩角 缺角 缺口 崩缺 崩掉 崩
hole holes missing-hole missing-holes | 破洞 缺孔 漏孔 破孔 少孔 漏鑽
swarf shaving shavings metal-chip turnings filings | 切屑 鐵屑 鐵削 屑 毛屑
burr burrs burred flash | 毛頭 披鋒 毛邊 毛刺 飛邊
rust rusty rusted rusting corrosion corroded oxidation | 鏽點 鏽 生鏽 鏽斑 鏽蝕 銹 腐蝕
pit pits pitted pitting pitted-surface | 麻點 點蝕 坑點 凹坑 麻面
inclusion inclusions | 夾雜 夾渣 夾雜物
patch patches | 斑塊 斑塊狀 塊斑
crazing craze | 細裂 裂網 網裂 龜裂
scale rolled-in-scale rolled-in_scale | 氧化皮 壓入氧化皮 鐵皮
bubble bubbles blister blisters blistered bulge | 氣泡 起泡 氣孔
blowhole blowholes pore pores porosity shrinkage cavity cavities | 針孔 砂眼 砂孔 縮孔 孔隙
residue residues glue adhesive | 殘膠 殘留 殘留物
bend bent warp warped deformation deformed twisted buckled | 彎掉 歪掉 彎曲 變形 翹曲
contamination dirt dirty dust particle particles foreign-matter debris fibre fibres lint fluff speck specks | 鐵粉 異物 灰塵 髒東西 雜質
discolouration discoloration colour-difference fading faded tarnish tarnished discoloured discolored | 色差 變色 褪色
""".strip()


def _groups() -> tuple[frozenset[str], ...]:
    rows = [row.replace("|", " ").split() for row in DEFECT_NAMES.splitlines()]
    return tuple(frozenset(word.replace("-", " ") for word in row) for row in rows)


DEFECT_GROUPS: tuple[frozenset[str], ...] = _groups()


def other_names(text: str) -> tuple[str, ...]:
    """Names of the defects that a text in lower case names, as others call them."""
    found = [group for group in DEFECT_GROUPS if names_in(text, group)]
    names = (name for group in found for name in group if name.isascii() or len(name) > 1)
    return tuple(sorted(name for name in names if not names_in(text, (name,))))


def names_in(text: str, names: Iterable[str]) -> bool:
    """Whether a text in lower case has one of these names.

    English ones as whole words; Chinese ones of two characters and more, for one alone is part of many others.
    """
    return any(_is_in(name, text) for name in names)


def _is_in(name: str, text: str) -> bool:
    if name.isascii():
        return re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", text) is not None
    return len(name) > 1 and name in text
