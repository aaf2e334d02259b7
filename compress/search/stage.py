"""The stage of `edgevl language` that makes a bundle searchable by sentence: look, learn, export, measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from compress.data.samples import Dataset
from compress.progress import Reporter
from compress.search.export import export
from compress.search.learn import Names, learn
from compress.search.lexicon import names_of
from compress.search.parts import Parts, look_at
from compress.search.recall import Question, held_out_questions, ranked, recall, right_parts
from compress.search.wording import LANGUAGES
from edge.bundle.load import Bundle
from edge.bundle.manifest import ClassSpec, TextSearch
from edge.search.meaning import PART_GRAPH, TEXT_GRAPH, Meaning
from edge.search.vectors import DIM

STEPS = 1500
_TEXT, _PART, _FIGURES = "search-text.onnx", "search-part.onnx", "search.json"
_HELD_OUT_SEED = 977


class SentenceFigures(msgspec.Struct, frozen=True):
    """Of one language, on test parts and in wordings that were not learned from.

    recall: at 1, 5 and 10. by_chance: at 5, of parts in any order. questions: how many were asked.
    """

    recall: dict[int, float]
    by_chance: float
    questions: int


@dataclass(frozen=True, slots=True)
class SearchMade:
    """text and part: the graphs' files."""

    text: Path
    part: Path
    figures: dict[str, SentenceFigures]

    @property
    def files(self) -> dict[str, Path]:
        """Name below `language/` -> file."""
        return {Path(TEXT_GRAPH).name: self.text, Path(PART_GRAPH).name: self.part}

    @property
    def spec(self) -> TextSearch:
        """What the manifest says of them."""
        return TextSearch(TEXT_GRAPH, PART_GRAPH, DIM, {code: f.recall[5] for code, f in self.figures.items()})

    @property
    def said(self) -> str:
        return ", ".join(f"{code} {f.recall[5]:.3f} (by chance {f.by_chance:.2f})" for code, f in self.figures.items())


def make_search(
    folder: Path,
    bundle: Bundle,
    dataset: Dataset,
    classes: Sequence[ClassSpec],
    steps: int,
    seed: int,
    reporter: Reporter,
) -> None:
    """Learn from training pictures, measure on test pictures, leave both graphs and the figures in `folder`."""
    called = names_by_class(classes)
    names = [spec.name for spec in classes]
    towers = learn(look_at(bundle, dataset.of("train"), reporter), names, called, steps, seed, reporter)
    export(towers, folder / _TEXT, folder / _PART)
    meaning = Meaning(folder / _TEXT, folder / _PART, names)
    figures = measure(meaning, look_at(bundle, dataset.of("test"), reporter), names, called)
    (folder / _FIGURES).write_bytes(msgspec.json.encode(figures))


def read_search(folder: Path) -> SearchMade:
    """What `make_search` left."""
    figures = msgspec.json.decode((folder / _FIGURES).read_bytes(), type=dict[str, SentenceFigures])
    return SearchMade(folder / _TEXT, folder / _PART, figures)


def names_by_class(classes: Sequence[ClassSpec]) -> Names:
    """What each class may be called in a sentence."""
    return {spec.name: names_of(spec.name, spec.titles, spec.kind == "good") for spec in classes}


def measure(meaning: Meaning, parts: Parts, classes: Sequence[str], names: Names) -> dict[str, SentenceFigures]:
    """Per language, of parts as the bundle sees them; what is right is told by their annotations."""
    part_PE = meaning.of_seen(parts.said, parts.embedding_ND)
    figures = {}
    for language in LANGUAGES:
        questions = held_out_questions(parts.true, language, names, _HELD_OUT_SEED)
        text_QE = np.stack([meaning.of_sentence(question.text) for question in questions])
        found = recall(ranked(text_QE, part_PE), right_parts(questions, parts.true, classes))
        figures[language] = SentenceFigures(found, _by_chance(questions, parts, classes), len(questions))
    return figures


def _by_chance(questions: Sequence[Question], parts: Parts, classes: Sequence[str]) -> float:
    rng = np.random.default_rng(0)
    any_QP = np.stack([rng.permutation(len(parts)) for _ in questions])
    return recall(any_QP, right_parts(questions, parts.true, classes))[5]
