"""Questions that the data brings, against what the bundle answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from compress.data.samples import Sample
from compress.language.asked import AsAnswered, ask_what_the_data_asks, compared
from edge.bundle.manifest import ClassSpec
from edge.questions.interview import Interview
from edge.questions.mentions import Finder
from tests.bundles import make_bundle
from tests.edge.feed_double import TITLES, Origin, verdict_of
from tests.edge.test_questions import TWO

CLASSES = [ClassSpec(name, "good" if name == "good" else "defect", titles) for name, titles in TITLES.items()]


@pytest.mark.parametrize(
    ("question", "wanted", "outcome"),
    [
        ("Is there a scratch?", "Yes, there is.", "agree"),
        ("Is there a scratch?", "no", "differ"),
        ("左邊有刮痕嗎？", "有", "agree"),
        ("How many scratches are there?", "2", "agree"),
        ("How many scratches are there?", "three", "differ"),
        ("有幾處刮痕？", "兩", "agree"),
        ("What is wrong with it?", "a scrape", "agree"),
        ("What is wrong with it?", "刮傷", "agree"),
        ("What is wrong with it?", "a stain", "differ"),
        ("What is wrong with it?", "nothing", "differ"),
        ("Where is it?", "upper right", "agree"),
        ("Where is it?", "at the bottom", "differ"),
        ("Is this part OK?", "NG", "agree"),
        ("這件合格嗎？", "不合格", "agree"),
        ("How large is it?", "30 mm", "unread"),
        ("What caused the scratch?", "a tool", "refused"),
        ("What caused the scratch?", "unknown", "agree"),
    ],
)
def test_an_answer_is_held_against_the_datas(question: str, wanted: str, outcome: str) -> None:
    """In either language; what the data says in other words is not compared."""
    verdict = verdict_of(TWO, Origin(number=1), (800, 600))
    _, (answer,) = Interview(CLASSES).ask(question, verdict, None, "")
    assert compared(answer, wanted, verdict, Finder(CLASSES)) == outcome


def test_a_bundle_is_asked_what_the_data_asks(tmp_path: Path) -> None:
    """About its own verdicts, by kind; pictures without questions are left out."""
    bundle = make_bundle(tmp_path / "bundle")
    picture = tmp_path / "a.png"
    cv2.imwrite(str(picture), np.full((64, 64, 3), 120, np.uint8))
    questions = (("Is this part OK?", "unknown"), ("What time is it?", "unknown"))
    asked = Sample("a", picture, "good", "good", "test", "a", (), (), None, True, questions=questions)
    found = ask_what_the_data_asks(bundle, [asked, replace(asked, name="b", questions=())], bundle.manifest.classes)
    assert found["?"] == AsAnswered(agree=1)
    assert found["status"].pairs == 1
    assert ask_what_the_data_asks(bundle, [replace(asked, questions=())], bundle.manifest.classes) == {}
