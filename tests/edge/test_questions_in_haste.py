"""Questions typed in haste: shorthand, slips, characters heard alike, two languages in one question."""

from __future__ import annotations

import pytest

from edge.bundle.manifest import ClassSpec
from edge.questions.haste import written_out
from edge.questions.interview import Interview
from edge.questions.mentions import Finder
from edge.questions.slips import Speller, heard_alike
from edge.questions.synonyms import of_chinese, of_english, outside, without_small_words
from tests.edge.feed_double import TITLES, Origin, verdict_of
from tests.edge.test_questions import TWO

CLASSES = [ClassSpec(name, "good" if name == "good" else "defect", titles) for name, titles in TITLES.items()]


@pytest.mark.parametrize(
    ("slipped", "meant"),
    [
        ("scrach", "scratch"),  # missing
        ("scrattch", "scratch"),  # twice
        ("scracth", "scratch"),  # changed places
        ("svratch", "scratch"),  # wrong
        ("hwo", "how"),
        ("hov", "hov"),  # too short for a wrong letter
        ("there", "there"),
        ("sractch", "sractch"),  # two slips
    ],
)
def test_one_slip_of_the_fingers_is_put_right(slipped: str, meant: str) -> None:
    """Of a word that is known; two slips are not guessed at."""
    assert Speller(["scratch", "how", "there"]).corrected(slipped) == meant


def test_of_two_words_that_may_be_meant_the_first_letter_decides_and_then_the_commoner() -> None:
    """Fingers slip more seldom on the first letter."""
    assert Speller(["where", "there"]).corrected("thre") == "there"
    assert Speller(["dent", "dens"]).corrected("denx") == "dent"


def test_a_name_with_one_character_heard_alike_is_that_name() -> None:
    """Chinese is typed by sound; a name that is right itself is never another one."""
    alike = heard_alike(["凹痕", "變形"])
    assert (alike["凹很"], alike["變型"]) == ("凹痕", "變形")
    assert "凹痕" not in alike
    assert Finder(CLASSES).find("有刮很嗎", "zh-TW").classes == ("scratch",)


def test_what_is_short_is_written_out() -> None:
    """In both languages; words that mean another thing elsewhere stay."""
    assert written_out("# of defects pls") == "number of defects please"
    assert written_out("what'd u see w/o light") == "what did you see without light"
    assert written_out("有刮痕ㄇ") == "有刮痕嗎"
    assert written_out("左邊那裡有刮痕嗎") == "左邊那裡有刮痕嗎"


def test_the_part_before_is_known_by_short_names() -> None:
    """Last, or 上個, alone; a week or a month is no part. 上面 is a side where nothing else is said."""
    finder = Finder(CLASSES)
    for language, part, time in (
        ("zh-TW", "跟上個一樣", "跟上個月一樣"),
        ("zh-TW", "和剛才那一件相比", "剛剛那個人是誰"),
        ("en", "same as last?", "same as last week?"),
        ("en", "is it like the one that came just before?", "was it ok before?"),
    ):
        assert finder.find(part, language).previous
        assert not finder.find(time, language).previous
    assert finder.find("那上面呢", "zh-TW").place == {"upper"}
    assert not finder.find("上面有刮痕嗎", "zh-TW").place


def test_words_that_mean_the_same_are_one_meaning() -> None:
    """So a word that was never taught is read as one that was; small words may be left out."""
    assert of_english(["lengthy", "scratch"]) == of_english(["long", "scratch"])
    assert without_small_words(["where", "is", "the", "dent"]) == ["where", "dent"]
    assert of_chinese("刮痕在何處") == of_chinese("刮痕在哪裡")
    assert outside(of_english(["supplier", "scratch"])) == ["PERSON"]


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("hw many scracthes r there", 2),
        ("any defcts on the left", True),
        ("wheres teh defect", ((0, 1), (2, 0))),
        ("有幾個defect", 2),
        ("有scratch嗎", True),  # no space around it
        ("defect在哪裡", ((0, 1), (2, 0))),
        ("這片有刮痕ㄇ", True),
    ],
)
def test_questions_in_haste_are_answered(question: str, value: object) -> None:
    """As their careful form is."""
    _, (answer,) = Interview(CLASSES).ask(question, verdict_of(TWO, Origin(number=1), (800, 600)), None, "")
    assert answer.value == value
