"""How well a version with a new class names test pictures: `edgevl classes add`, then the device's own rule."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compress.data.dataset import Sample
from compress.data.images import read_image
from compress.new_class.add import add_class
from compress.new_class.asked import NewClass
from compress.new_class.fitted import Fitted
from compress.new_class.look import default_engine
from compress.progress import Reporter, SilentReporter
from edge.bundle.load import Bundle
from edge.inspection.added import additions_of, with_added
from edge.inspection.preprocess import model_input
from edge.verdict import decide


@dataclass(frozen=True, slots=True)
class Seen:
    """What a bundle's default variant answers to the test pictures, whose true classes are known."""

    bundle: Bundle
    true: tuple[str, ...]
    prob_NK: NDArray[np.float32]
    embedding_ND: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Score:
    """Shares, 0..1. taken: of test pictures of known classes, those called the new one.

    macro_f1: over all classes, the new one among them; a picture that gets no class counts as missed.
    known_f1: the same over the known classes, on their pictures alone.
    """

    recall: float
    precision: float
    macro_f1: float
    taken: float
    known_f1: float


def look(bundle: Bundle, test: Sequence[Sample], reporter: Reporter) -> Seen:
    """Every test picture once."""
    prob, embedding = [], []
    with default_engine(bundle) as engine, reporter.bar("looking at test pictures", len(test)) as advance:
        for sample in test:
            outputs = engine.run(model_input(read_image(sample.path), bundle.manifest.input)[None])
            prob.append(outputs.prob_NK)
            embedding.append(outputs.embedding_ND)
            advance()
    true = tuple(sample.class_name for sample in test)
    return Seen(bundle, true, np.concatenate(prob), np.concatenate(embedding))


def score(seen: Seen, version: Bundle, name: str) -> Score:
    """What `version`, of the same graph, says of the pictures. name: the new class."""
    additions, manifest = additions_of(version), version.manifest
    said = [
        with_added(decide(prob_K, manifest.classes, manifest.decision), embedding_D, additions).class_name
        for prob_K, embedding_D in zip(seen.prob_NK, seen.embedding_ND, strict=True)
    ]
    true = seen.true
    known = [n for n, one in enumerate(true) if one != name]
    names = sorted(set(true))
    return Score(
        recall=_share([said[n] == name for n, one in enumerate(true) if one == name]),
        precision=_share([true[n] == name for n, one in enumerate(said) if one == name]),
        macro_f1=statistics.mean(_f1(true, said, one) for one in names),
        taken=_share([said[n] == name for n in known]),
        known_f1=statistics.mean(
            _f1([true[n] for n in known], [said[n] for n in known], one) for one in names if one != name
        ),
    )


@contextmanager
def added(base: Path, new: NewClass, pictures: Sequence[Path] = ()) -> Iterator[Fitted]:
    """The version that `edgevl classes add` writes, with `pictures` as its examples; gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        examples = Path(folder) / "examples"
        examples.mkdir()
        for picture in pictures:
            shutil.copy(picture, examples)
        asked = replace(new, examples=examples) if pictures else new
        yield add_class(base, Path(folder) / "version", None, asked, SilentReporter())


def _share(right: Sequence[bool]) -> float:
    return sum(right) / len(right) if right else 0.0


def _f1(true: Sequence[str], said: Sequence[str | None], name: str) -> float:
    both = sum(t == s == name for t, s in zip(true, said, strict=True))
    either = sum(t == name for t in true) + sum(s == name for s in said)
    return 2 * both / either if either else 0.0
