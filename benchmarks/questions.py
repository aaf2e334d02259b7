"""How well questions are understood and answered, on parts of the simulated line, whose truth is exact.

    python -m benchmarks.questions [--bundle BUNDLE [--data FOLDER]] [--parts 150] [--seed 0]

The wordings are held out, the reader was taught none of them, nor improved with them in sight: whole sentences
(`benchmarks.held_out_questions`), and what operators type in haste (`benchmarks.held_out_operators`). So it is not said
which of them fail. Some the grammar happens to make word for word; the last rows are without them
(`benchmarks.taught_wordings`). Each part is asked one question of every kind in both languages, about a class and a
place drawn at random; an answer is right where it says what is true. Without a bundle verdicts are made from the truth,
so that understanding and answering alone are measured. With one it judges the drawn parts, or the test split of FOLDER;
those that it takes for another class or leaves undecided are left out, and places and sizes are held against its own
boxes. Questions for no inspection are right where they get "I cannot tell". To improve the reader, see what
`python -m compress.questions` says of its own wordings, left out in turn.
Targets: both at least 0.95.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import held_out_operators as haste
from benchmarks import held_out_questions as whole
from benchmarks.question_parts import Parts, Subject, data_parts, judged_parts, true_parts
from benchmarks.taught_wordings import Taught
from edge.bundle.load import load_bundle
from edge.bundle.manifest import ClassSpec
from edge.defect_names import DEFECT_GROUPS
from edge.errors import EdgevlError
from edge.questions.answered import Answered
from edge.questions.interview import Interview
from edge.questions.mentions import Language

_TARGET = 0.95
_LANGUAGES: tuple[Language, ...] = ("en", "zh-TW")
_NAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
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
class Wordings:
    """A set of wordings that were held out; misspelt: names of classes, by class and language."""

    name: str
    answerable: Mapping[str, Mapping[str, tuple[str, ...]]]
    followed: Mapping[str, tuple[str, ...]]
    out_of_scope: Mapping[str, tuple[str, ...]]
    misspelt: Mapping[str, Mapping[str, tuple[str, ...]]]


SETS = (
    Wordings("whole sentences", whole.ANSWERABLE, whole.FOLLOWED, whole.OUT_OF_SCOPE, {}),
    Wordings("typed in haste", haste.ANSWERABLE, haste.FOLLOWED, haste.OUT_OF_SCOPE, haste.MISSPELT),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question. kind: as it was meant; `refuse` for those that nobody can answer. taught: see `Taught`."""

    kind: str
    language: str
    question: str
    answer: Answered
    right: bool
    taught: bool


class Round:
    """One set of wordings, put to the parts."""

    def __init__(self, wordings: Wordings, parts: Parts, taught: Taught, seed: int) -> None:
        self._wordings = wordings
        self._told = parts.told
        self._taught = taught
        self._interview = Interview(parts.classes)
        self._classes = [one for one in parts.classes if one.kind == "defect"]
        self._rng = np.random.default_rng(seed)

    def outcomes(self) -> Iterator[Outcome]:
        """Every kind of question to every part, wordings in turn; and all that no inspection can answer."""
        for number, subject in enumerate(self._told):
            previous = self._told[number - 1] if number else None
            for language in _LANGUAGES:
                for kind, wordings in self._wordings.answerable[language].items():
                    if kind != "compare" or previous is not None:
                        yield self._posed(kind, wordings[number % len(wordings)], language, subject, previous)
                yield self._followed(language, number, subject)
        for language in _LANGUAGES:
            yield from self._refused(language)

    def _refused(self, language: Language) -> Iterator[Outcome]:
        """What no inspection can answer, each to another part."""
        for number, question in enumerate(self._wordings.out_of_scope[language]):
            place = number % len(self._told)
            _, answers = self._interview.ask(question, self._told[place].verdict, self._told[place - 1].verdict, "")
            yield Outcome(
                "refuse",
                language,
                question,
                answers[-1],
                not any(answer.told for answer in answers),
                self._taught.is_made(question, language),
            )

    def _posed(
        self, kind: str, wording: str, language: Language, subject: Subject, previous: Subject | None
    ) -> Outcome:
        about = self._class(subject)
        place = str(self._rng.choice(list(_PLACES[language])))
        name, misspelt = self._rng.choice(_names(about, language)), self._misspelt(about, language)
        text = wording.format(C=name, P=place, M=misspelt)
        _, (*_, answer) = self._interview.ask(text, subject.verdict, previous.verdict if previous else None, "")
        is_named = "{C}" in wording or "{M}" in wording
        cells = _asked_for(subject, about.name if is_named else None, language, place if "{P}" in wording else None)
        return Outcome(
            kind,
            language,
            text,
            answer,
            answer.told and _is_true(kind, answer, subject, previous, cells),
            self._taught.is_made(wording, language),
        )

    def _followed(self, language: Language, number: int, subject: Subject) -> Outcome:
        """Whether there is one, and then: and there?"""
        about, place = self._class(subject), str(self._rng.choice(list(_PLACES[language])))
        wordings = self._wordings.answerable[language]["exists"]
        whether = [wording for wording in wordings if "{P}" not in wording and "{C}" in wording]
        first = whether[number % len(whether)].format(C=_names(about, language)[0])
        followed = self._wordings.followed[language]
        follow = followed[number % len(followed)].format(P=place)
        session, _ = self._interview.ask(first, subject.verdict, None, "")
        _, (*_, answer) = self._interview.ask(follow, subject.verdict, None, session)
        cells = _asked_for(subject, about.name, language, place)
        return Outcome(
            "follow",
            language,
            f"{first} {follow}",
            answer,
            answer.told and answer.value == bool(cells),
            self._taught.is_made(followed[number % len(followed)], language),
        )

    def _class(self, subject: Subject) -> ClassSpec:
        """Half of the time the one that the part has."""
        if subject.class_name is not None and self._rng.random() < 0.5:
            return next(one for one in self._classes if one.name == subject.class_name)
        return self._classes[int(self._rng.integers(len(self._classes)))]

    def _misspelt(self, about: ClassSpec, language: Language) -> str:
        """As the others where no misspelling of its names is held out."""
        wrong = self._wordings.misspelt.get(about.name, {}).get(language) or _names(about, language)
        return str(self._rng.choice(wrong))


def _names(about: ClassSpec, language: Language) -> tuple[str, ...]:
    """What operators call a class: for those of other bundles than the demo's, its title and common other names."""
    if about.name in _NAMES:
        return _NAMES[about.name][language]
    title = about.titles.get(language, about.name.replace("_", " ")).lower()
    others = (word for group in DEFECT_GROUPS if title in group for word in sorted(group))
    return (title, *(word for word in others if word.isascii() == (language == "en") and word != title))


def _asked_for(
    subject: Subject, class_name: str | None, language: Language, place: str | None
) -> tuple[tuple[int, int], ...]:
    """The thirds of the defects that are asked about."""
    if subject.class_name is None or (class_name is not None and class_name != subject.class_name):
        return ()
    column, row = (None, None) if place is None else _PLACES[language][place]
    return tuple(cell for cell in subject.cells if column in (None, cell[0]) and row in (None, cell[1]))


def _is_true(
    kind: str, answer: Answered, subject: Subject, previous: Subject | None, cells: tuple[tuple[int, int], ...]
) -> bool:
    boxes = [box for box, cell in zip(subject.verdict.boxes, subject.cells, strict=True) if cell in cells]
    largest = max(boxes, key=lambda box: box.w * box.h, default=None)
    same = previous is not None and previous.class_name == subject.class_name
    truths: dict[str, object] = {
        "exists": bool(cells),
        "count": len(cells),
        "what": subject.class_name or "",
        "where": tuple(sorted(set(cells))),
        "size": None if largest is None else ((largest.w, largest.h),),
        "compare": "same" if same else "different",
        "status": "OK" if subject.class_name is None else "NG",
    }
    if kind in truths:
        return answer.value == truths[kind]
    return answer.kind == kind  # what to do and how severe follow from the verdict alone


def table(outcomes: Sequence[Outcome], title: str) -> Table:
    """Right answers by kind and language, and of all."""
    shown = Table("kind", "English", "zh-TW", "questions", title=title)
    for kind in dict.fromkeys(one.kind for one in outcomes):
        of_kind = [one for one in outcomes if one.kind == kind]
        shares = [_share([one for one in of_kind if one.language == language]) for language in _LANGUAGES]
        shown.add_row(kind, *(f"{share:.3f}" for share in shares), str(len(of_kind)))
    unseen = [one for one in outcomes if not one.taught]
    for name, those in (("", outcomes), (", not taught", unseen)):
        shown.add_section()
        refusals = [one for one in those if one.kind == "refuse"]
        answers = [one for one in those if one.kind != "refuse"]
        for what, some in ((f"right answers{name}", answers), (f"right refusals{name}", refusals)):
            share = _share(some)
            shown.add_row(what, f"{share:.3f}", f">= {_TARGET}", "met" if share >= _TARGET else "MISSED")
    return shown


def _share(outcomes: Sequence[Outcome]) -> float:
    return sum(one.right for one in outcomes) / max(1, len(outcomes))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.questions", description=(__doc__ or "").split(",")[0])
    parser.add_argument("--bundle", type=Path, help="judge the parts by this bundle, instead of by the truth")
    parser.add_argument("--data", type=Path, help="ask about its test split, instead of parts of the simulated line")
    parser.add_argument("--parts", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    if given.data is not None and given.bundle is None:
        parser.error("--data needs a bundle that judges its pictures")
    try:
        parts = _parts(given)
        taught = Taught()
        outcomes = {one.name: list(Round(one, parts, taught, given.seed).outcomes()) for one in SETS}
    except EdgevlError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    console = Console()
    console.print(f"{len(parts.told)} parts; {parts.left_out} left out, taken for others or left undecided")
    for name, of_set in outcomes.items():
        console.print(table(of_set, name))
    return 0


def _parts(given: argparse.Namespace) -> Parts:
    if given.bundle is None:
        return true_parts(given.parts, given.seed)
    bundle = load_bundle(given.bundle)
    if given.data is None:
        return judged_parts(bundle, given.parts, given.seed)
    return data_parts(bundle, given.data, given.parts, given.seed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
