"""The questions that the data brings: how often the bundle answers as the data does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from compress.data.images import read_image
from compress.data.samples import Sample
from edge.bench.rehearse import verdicts_on
from edge.bundle.load import Bundle
from edge.bundle.manifest import ClassSpec
from edge.messages import Verdict
from edge.questions.answered import Answered
from edge.questions.interview import Interview, language_of
from edge.questions.mentions import Finder, Mentions, normal
from edge.questions.part import part_of

_MOST = 200  # test pictures with questions; all their frames are held at once
_YES = frozenset(["yes", "y", "true", "yeah", "yep", "correct", "是", "有", "對", "是的", "有的", "正確"])
_NO = frozenset(["no", "n", "false", "nope", "none", "否", "沒有", "不是", "無", "沒", "不"])
_GOOD = frozenset(
    ["ok", "good", "pass", "passed", "accepted", "fine", "yes", "合格", "良品", "好", "通過", "正常", "是"]
)
_BAD = frozenset(
    [
        "ng",
        "bad",
        "fail",
        "failed",
        "rejected",
        "reject",
        "no",
        "defective",
        "不合格",
        "不良",
        "不良品",
        "否",
        "不是",
        "沒過",
    ]
)
_NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            "none no zero 零 沒有 無",
            "one a 一",
            "two 二 兩",
            "three 三",
            "four 四",
            "five 五",
            "six 六",
            "seven 七",
            "eight 八",
        )
    )
    for word in words.split()
}
_UNKNOWN = re.compile(r"unknown|cannot tell|can't tell|not sure|無法|不知道|不確定")
_WORD = re.compile(r"\d+|[a-z]+|[一-鿿]+")


class AsAnswered(msgspec.Struct, frozen=True):
    """Of the questions of one kind. differ: answered otherwise. refused: "I cannot tell". unread: not compared."""

    agree: int = 0
    differ: int = 0
    refused: int = 0
    unread: int = 0

    @property
    def pairs(self) -> int:
        return self.agree + self.differ + self.refused + self.unread


def ask_what_the_data_asks(
    bundle: Bundle, samples: Sequence[Sample], classes: Sequence[ClassSpec]
) -> dict[str, AsAnswered]:
    """By kind of question, "?" for those that are not understood: what the bundle answers about its own verdicts.

    Raises BundleError, DataError.
    """
    asked = [sample for sample in samples if sample.questions][:_MOST]
    if not asked:
        return {}
    interview, finder = Interview(classes), Finder(classes)
    counts: dict[str, AsAnswered] = {}
    for sample, verdict in zip(asked, verdicts_on([read_image(sample.path) for sample in asked], bundle), strict=True):
        for question, wanted in sample.questions:
            _, (*_, answer) = interview.ask(question, verdict, None, "")
            kind = answer.kind or "?"
            outcome = compared(answer, wanted, verdict, finder)
            before = counts.get(kind, AsAnswered())
            counts[kind] = msgspec.structs.replace(before, **{outcome: getattr(before, outcome) + 1})
    return dict(sorted(counts.items()))


def compared(answer: Answered, wanted: str, verdict: Verdict, finder: Finder) -> str:
    """`agree`, `differ`, `refused`; `unread` where the data's answer is no yes or no, number, class, place or status.

    Where the data says that nobody can tell, a refusal agrees.
    """
    if _UNKNOWN.search(wanted.lower()):
        return "differ" if answer.told else "agree"
    if not answer.told:
        return "refused"
    said = _as_value(answer, wanted, verdict, finder)
    return "unread" if said is None else "agree" if said else "differ"


def _as_value(answer: Answered, wanted: str, verdict: Verdict, finder: Finder) -> bool | None:
    """Whether the data's answer says the same; None where it cannot be told."""
    words = _WORD.findall(normal(wanted))
    mentions = finder.find(wanted, language_of(wanted) or "en")
    match answer.kind:
        case "exists":
            return _either(words, _YES, _NO, bool(answer.value))
        case "status":
            return _either(words, _GOOD, _BAD, answer.value == "OK") if answer.value != "UNDECIDED" else None
        case "count":
            numbers = [
                int(word) if word.isdigit() else _NUMBERS[word] for word in words if word.isdigit() or word in _NUMBERS
            ]
            return numbers[0] == answer.value if numbers else None
        case "what":
            if mentions.classes or mentions.strange:
                return answer.value in mentions.classes
            return answer.value == "" if set(words) & (_GOOD | {"none", "nothing", "沒有", "無"}) else None
        case "where":
            return _is_there(mentions, verdict)
        case _:
            return None


def _either(words: Iterable[str], yes: frozenset[str], no: frozenset[str], said: bool) -> bool | None:
    """By the first word that is either; the longest first in Chinese, where 不合格 holds 合格."""
    for word in words:
        if word in no or word in yes:
            return (word in yes) == said
    return None


def _is_there(mentions: Mentions, verdict: Verdict) -> bool | None:
    """Whether one of the places that the verdict marks is where the data says."""
    return bool(part_of(verdict).within(mentions.place)) if mentions.place else None
