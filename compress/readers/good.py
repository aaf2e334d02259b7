"""Which class names mean that a part is good."""

from __future__ import annotations

import re

# Compared without case, spaces, dashes and underscores. Extend it here; there is no other place.
GOOD_NAMES = frozenset(
    {
        "good", "ok", "okay", "normal", "pass", "passed", "perfect", "intact", "healthy", "accepted",
        "defectfree", "nodefect", "nodefects", "nondefective", "nondefect", "faultfree", "flawless",
        "良品", "良", "好品", "正常", "合格", "合格品", "正常品", "無瑕疵", "无瑕疵", "無缺陷", "无缺陷",
    }
)  # fmt: skip


def is_good(class_name: str) -> bool:
    """Whether a class of this name holds good parts; every other class is a defect."""
    return re.sub(r"[\s_-]", "", class_name).casefold() in GOOD_NAMES
