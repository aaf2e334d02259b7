"""How well questions are understood and answered, on parts of the simulated line, whose truth is exact.

    python -m benchmarks.questions [--bundle BUNDLE] [--parts 150] [--seed 0]

Wordings are held out: the reader was taught none of them (`benchmarks.held_out_questions`). Each part is asked one
question of every kind in both languages, about a class and a place drawn at random; an answer is right where it says
what is true. Without a bundle verdicts are made from the truth, so that understanding and answering alone are measured.
With one (of the demo's classes) it judges the drawn parts, those that it takes for another class are left out, and
places and sizes are held against its own boxes. Questions for no inspection are right where they get "I cannot tell".
Targets: both at least 0.95.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.held_out_questions import ANSWERABLE, FOLLOWED, OUT_OF_SCOPE
from camera.simulated.defects import DEFECT_CLASSES, PART_CLASSES
from camera.simulated.picture import PartPicture, render_part
from camera.simulated.sprite import boxes_of
from compress.demo.pictures import TITLES
from edge.bench.rehearse import rehearse
from edge.bundle import ClassSpec, load_bundle
from edge.engines.choose import open_engine
from edge.errors import EdgevlError
from edge.line.heartbeat import shown_classes
from edge.messages import SCHEMA_VERSION, Box, Region, Timings, Verdict, time_text
from edge.questions.answered import Answered
from edge.questions.interview import Interview
from edge.questions.mentions import Language
from edge.store.history import History, Wanted

_TARGET = 0.95
_SIDE = 144
_GAP_PX = 6
_LANGUAGES: tuple[Language, ...] = ("en", "zh-TW")
_NAMES = {
    "scratch": {"en": ("scratch", "scrape"), "zh-TW": ("刮傷", "刮痕")},
    "dent": {"en": ("dent", "ding"), "zh-TW": ("凹痕", "凹陷")},
    "stain": {"en": ("oil stain", "stain"), "zh-TW": ("油污", "髒污")},
    "crack": {"en": ("crack", "fissure"), "zh-TW": ("裂紋", "裂痕")},
    "missing_hole": {"en": ("missing hole",), "zh-TW": ("缺孔", "漏孔")},
    "chip": {"en": ("chipped edge", "chip"), "zh-TW": ("崩邊", "崩角")},
    "swarf": {"en": ("swarf",), "zh-TW": ("切屑", "鐵屑")},
}
# What each place asks of a third: its column and its row, None for any.
_PLACES: dict[Language, dict[str, tuple[int | None, int | None]]] = {
    "en": {"left": (0, None), "right": (2, None), "top": (None, 0), "upper left": (0, 0), "lower right": (2, 2)},
    "zh-TW": {"左邊": (0, None), "右側": (2, None), "下方": (None, 2), "左上角": (0, 0), "右下角": (2, 2)},
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A verdict, and what is true: the class (None for a good part), and the third that each defect is in."""

    verdict: Verdict
    class_name: str | None
    cells: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question. kind: as it was meant; `refuse` for those that nobody can answer."""

    kind: str
    language: str
    question: str
    answer: Answered
    right: bool


def subjects(parts: int, seed: int, bundle: Path | None) -> tuple[list[Subject], int, list[ClassSpec]]:
    """Parts of the simulated line, how many a bundle took for others, and the classes. Raises EdgevlError."""
    pictures = [render_part(n, 1000 + seed, _SIDE, PART_CLASSES[n % len(PART_CLASSES)]) for n in range(parts)]
    if bundle is None:
        verdicts = [_true_verdict(picture) for picture in pictures]
        classes = [ClassSpec(name, "good" if name == "good" else "defect", titles) for name, titles in TITLES.items()]
    else:
        verdicts, classes = _judged(pictures, bundle)
    told = [_subject(picture, verdict) for picture, verdict in zip(pictures, verdicts, strict=True)]
    right = [one for one in told if one.verdict.class_name == (one.class_name or "good")]
    return right, len(told) - len(right), classes


def _subject(picture: PartPicture, verdict: Verdict) -> Subject:
    cells = tuple(_cell(box, verdict.region) for box in verdict.boxes)
    return Subject(verdict, None if picture.class_name == "good" else picture.class_name, cells)


def _cell(box: Box, region: Region) -> tuple[int, int]:
    """Thirds of the region, by the middle of the box."""
    x, y = box.x + box.w / 2 - region.x, box.y + box.h / 2 - region.y
    return min(2, int(x * 3 // region.w)), min(2, int(y * 3 // region.h))


def _true_verdict(picture: PartPicture) -> Verdict:
    """What a line that is never wrong would say."""
    height, width = picture.image_HWC.shape[:2]
    found = boxes_of(picture.defect_mask_HW, _GAP_PX)
    now = time_text(picture.number * 10**9)
    return Verdict(
        schema=SCHEMA_VERSION,
        id=f"truth-belt-{picture.number}",
        topic="verdict/simulated/belt",
        epoch="truth",
        number=picture.number,
        line="simulated",
        camera="belt",
        captured=now,
        published=now,
        frame_seq=picture.number,
        status="OK" if picture.class_name == "good" else "NG",
        reason=None,
        class_name=picture.class_name,
        probability=1.0,
        defect_score=float(picture.class_name != "good"),
        frame_width=width,
        frame_height=height,
        region=Region(0, 0, width, height),
        boxes=tuple(Box(box.x, box.y, box.w, box.h, 1.0) for box in found),
        timings=Timings(0.0, 0.0, 0.0, 0.0, 0.0),
        bundle="truth",
        engine="truth",
    )


def _judged(pictures: Sequence[PartPicture], path: Path) -> tuple[list[Verdict], list[ClassSpec]]:
    bundle = load_bundle(path)
    opened = open_engine(bundle, threads=1)
    try:
        with tempfile.TemporaryDirectory(prefix="edgevl-questions-") as folder:
            rehearse([picture.image_HWC for picture in pictures], bundle, opened, Path(folder), lambda _: None)
            stored = list(History(Path(folder)).select(Wanted()))
    finally:
        opened.engine.close()
    return [one.verdict for one in reversed(stored)], list(shown_classes(bundle.manifest))


def interviewed(told: Sequence[Subject], interview: Interview, seed: int) -> Iterator[Outcome]:
    """Every kind of question to every part; wordings in turn, so that each is used."""
    rng = np.random.default_rng(seed)
    for number, subject in enumerate(told):
        previous = told[number - 1] if number else None
        for language in _LANGUAGES:
            for kind, wordings in ANSWERABLE[language].items():
                if kind != "compare" or previous is not None:
                    wording = wordings[number % len(wordings)]
                    yield _posed(kind, wording, language, subject, previous, interview, rng)
            yield _followed(language, number, subject, interview, rng)


def refused(told: Sequence[Subject], interview: Interview) -> Iterator[Outcome]:
    """What no inspection can answer, each to another part."""
    for language in _LANGUAGES:
        for number, question in enumerate(OUT_OF_SCOPE[language]):
            subject = told[number % len(told)]
            _, answers = interview.ask(question, subject.verdict, told[number - 1].verdict, "")
            yield Outcome("refuse", language, question, answers[-1], not any(answer.told for answer in answers))


def _posed(
    kind: str,
    wording: str,
    language: Language,
    subject: Subject,
    previous: Subject | None,
    interview: Interview,
    rng: np.random.Generator,
) -> Outcome:
    about = _class(subject, rng)
    place = str(rng.choice(list(_PLACES[language])))
    text = wording.format(C=rng.choice(_NAMES[about][language]), P=place)
    _, (*_, answer) = interview.ask(text, subject.verdict, previous.verdict if previous else None, "")
    cells = _asked_for(subject, about if "{C}" in wording else None, language, place if "{P}" in wording else None)
    return Outcome(kind, language, text, answer, answer.told and answer.value == _truth(kind, subject, previous, cells))


def _followed(
    language: Language, number: int, subject: Subject, interview: Interview, rng: np.random.Generator
) -> Outcome:
    """Whether there is one, and then: and there?"""
    about, place = _class(subject, rng), str(rng.choice(list(_PLACES[language])))
    whether = [wording for wording in ANSWERABLE[language]["exists"] if "{P}" not in wording and "{C}" in wording]
    first = whether[number % len(whether)].format(C=_NAMES[about][language][0])
    follow = FOLLOWED[language][number % len(FOLLOWED[language])].format(P=place)
    session, _ = interview.ask(first, subject.verdict, None, "")
    _, (*_, answer) = interview.ask(follow, subject.verdict, None, session)
    cells = _asked_for(subject, about, language, place)
    return Outcome("follow", language, f"{first} {follow}", answer, answer.told and answer.value == bool(cells))


def _class(subject: Subject, rng: np.random.Generator) -> str:
    """Half of the time the one that the part has."""
    if subject.class_name is not None and rng.random() < 0.5:
        return subject.class_name
    return DEFECT_CLASSES[int(rng.integers(len(DEFECT_CLASSES)))]


def _asked_for(
    subject: Subject, class_name: str | None, language: Language, place: str | None
) -> tuple[tuple[int, int], ...]:
    """The thirds of the defects that are asked about."""
    if subject.class_name is None or (class_name is not None and class_name != subject.class_name):
        return ()
    column, row = (None, None) if place is None else _PLACES[language][place]
    return tuple(cell for cell in subject.cells if column in (None, cell[0]) and row in (None, cell[1]))


def _truth(kind: str, subject: Subject, previous: Subject | None, cells: tuple[tuple[int, int], ...]) -> object:
    boxes = subject.verdict.boxes
    largest = max(boxes, key=lambda box: box.w * box.h, default=None)
    same = previous is not None and previous.class_name == subject.class_name
    truths: dict[str, object] = {
        "exists": bool(cells),
        "count": len(cells),
        "what": subject.class_name or "",
        "where": tuple(sorted(set(cells))),
        "size": None if subject.class_name is None or largest is None else ((largest.w, largest.h),),
        "compare": "same" if same else "different",
        "status": "OK" if subject.class_name is None else "NG",
    }
    return truths[kind]


def table(outcomes: Sequence[Outcome], title: str) -> tuple[Table, float, float]:
    """Right answers by kind and language; the shares of right answers and of right refusals."""
    shown = Table("kind", "English", "zh-TW", "questions", title=title)
    for kind in dict.fromkeys(one.kind for one in outcomes):
        of_kind = [one for one in outcomes if one.kind == kind]
        shares = [_share([one for one in of_kind if one.language == language]) for language in _LANGUAGES]
        shown.add_row(kind, *(f"{share:.3f}" for share in shares), str(len(of_kind)))
    answered = _share([one for one in outcomes if one.kind != "refuse"])
    right_refusals = _share([one for one in outcomes if one.kind == "refuse"])
    shown.add_section()
    for name, share in (("answers", answered), ("refusals", right_refusals)):
        shown.add_row(f"right {name}", f"{share:.3f}", f">= {_TARGET}", "met" if share >= _TARGET else "MISSED")
    return shown, answered, right_refusals


def _share(outcomes: Sequence[Outcome]) -> float:
    return sum(one.right for one in outcomes) / max(1, len(outcomes))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.questions", description=(__doc__ or "").split(",")[0])
    parser.add_argument("--bundle", type=Path, help="judge the parts by this bundle, instead of by the truth")
    parser.add_argument("--parts", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--wrong", action="store_true", help="list the questions that were answered wrongly")
    given = parser.parse_args(arguments)
    try:
        told, wrong, classes = subjects(given.parts, given.seed, given.bundle)
        interview = Interview(classes)
    except EdgevlError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    outcomes = [*interviewed(told, interview, given.seed), *refused(told, interview)]
    shown, _, _ = table(outcomes, f"{len(told)} parts; {wrong} left out that the bundle took for others")
    console = Console()
    console.print(shown)
    if given.wrong:
        failed = Counter((one.kind, one.question, one.answer.text) for one in outcomes if not one.right)
        for (kind, question, text), times in failed.most_common():
            console.print(f"{times} {kind}: {question} -> {text}", markup=False, highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
