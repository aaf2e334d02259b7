"""What people would say of a simulated part, from its exact truth: where on the part its defect lies, how plain it is.

That is more than a verdict knows: it has no idea of a bore or a rim.
"""

from __future__ import annotations

import numpy as np

from camera.simulated.picture import PartPicture
from compress.demo.pictures import TITLES

_FAINT, _PLAIN = 0.33, 0.66  # severity
_BORE, _RIM = 0.5, 0.8  # radii of the part
_GOOD = {"en": "The turned face is even.", "zh-TW": "車削面均勻。"}
_WHERE = {
    "bore": {"en": "lies near the bore", "zh-TW": "靠近軸孔"},
    "face": {"en": "lies on the turned face", "zh-TW": "位於車削面"},
    "rim": {"en": "lies near the rim", "zh-TW": "靠近外緣"},
}
_HOW = {
    "faint": {"en": " and is faint", "zh-TW": "，痕跡偏淡"},
    "plain": {"en": " and stands out", "zh-TW": "，痕跡明顯"},
    "": {"en": "", "zh-TW": ""},
}


def captions_of(picture: PartPicture) -> dict[str, str]:
    """One sentence in each language."""
    if picture.class_name == "good":
        return dict(_GOOD)
    where, how = _WHERE[_ring(picture)], _HOW[_plainness(picture.severity)]
    title = TITLES[picture.class_name]
    return {
        "en": f"The {title['en'].lower()} {where['en']}{how['en']}.",
        "zh-TW": f"{title['zh-TW']}{where['zh-TW']}{how['zh-TW']}。",
    }


def _ring(picture: PartPicture) -> str:
    """By the middle of the defect, seen from the middle of the part."""
    rows, columns = np.nonzero(picture.defect_mask_HW)
    if not len(rows):
        return "face"
    x, y, w, h = picture.box
    away = np.hypot(columns.mean() - x - w / 2, rows.mean() - y - h / 2) / (max(w, h) / 2)
    return "bore" if away < _BORE else "rim" if away > _RIM else "face"


def _plainness(severity: float) -> str:
    return "faint" if severity < _FAINT else "plain" if severity > _PLAIN else ""
