"""Which class names mean that a part is good."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

# Compared without case, spaces, dashes and underscores. Extend it here; there is no other place.
GOOD_NAMES = frozenset(
    {
        "good", "ok", "okay", "normal", "pass", "passed", "perfect", "intact", "healthy", "accepted",
        "defectfree", "nodefect", "nodefects", "nondefective", "nondefect", "faultfree", "flawless",
        "良品", "良", "好品", "正常", "合格", "合格品", "正常品", "無瑕疵", "无瑕疵", "無缺陷", "无缺陷",
    }
)  # fmt: skip
_GOOD_FIRST_WORDS = frozenset({"good", "ok", "良品", "合格"})
_BUT = frozenset({"not", "no", "ng", "bad", "but", "with", "defect", "defects", "defective", "不良"})

GoodTest = Callable[[str], bool]


def is_good(class_name: str) -> bool:
    """Whether a class of this name holds good parts; every other class is a defect.

    `ok_front` and `good-2` are good by their first word, unless another word takes it back (`ok_but_scratched`).
    """
    words = re.split(r"[\s_-]+", class_name.strip().casefold())
    if "".join(words) in GOOD_NAMES:
        return True
    return words[0] in _GOOD_FIRST_WORDS and not _BUT.intersection(words[1:])


def good_test(also: Iterable[str]) -> GoodTest:
    """`is_good`, or one of the names in `also`, in any letter case."""
    names = frozenset(name.strip().casefold() for name in also)
    return lambda class_name: class_name.strip().casefold() in names or is_good(class_name)
