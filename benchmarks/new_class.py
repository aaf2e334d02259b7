"""A class left out of training and added by a sentence, or by 1, 5 and 20 pictures: how well is it recognised?

    python -m benchmarks.new_class --data ../shared/data/neu --vision ../shared/models/mobilenet_v2_imagenet --work WORK

For each class of NEU: a dual encoder (MobileNetV2's pictures, MiniLM's sentences) is trained on the other classes, a
bundle is compressed from it, and `edgevl classes add` writes versions that know the class. Examples are drawn from the
train split, thresholds come from validation pictures of the known classes, figures are of the test split. Rows:

sentence        its two sentences (`benchmarks.new_class_parts.sentences`)
other words     the control: two sentences that have nothing to do with steel
N examples      the median of --draws draws, with the lowest and the highest

A quarter of an hour a class on two quiet cores; WORK keeps what is finished. --words asks instead whether a map from a
sentence encoder to the pictures of a teacher that only sees, learned from the known classes, tells two new ones apart.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.new_class_parts.making import bundle_without
from benchmarks.new_class_parts.measuring import Score, added, look, score
from benchmarks.new_class_parts.sentences import SENTENCES, UNRELATED
from benchmarks.new_class_parts.words import print_words
from compress.data.dataset import Dataset
from compress.data.reading import Reading
from compress.new_class.asked import NewClass
from compress.progress import ConsoleReporter, Reporter
from edge.errors import EdgevlError

_COUNTS = (1, 5, 20)
_WIDTH = 132  # of the tables
_FIGURES = ("recall", "precision", "macro_f1", "taken", "known_f1")


def main() -> None:
    options = _options()
    console, reporter = Console(width=_WIDTH), ConsoleReporter(Console(stderr=True))
    dataset = Reading().read(options.data, 0)
    if options.words:
        print_words(options.vision, dataset, reporter, console)
        return
    found: dict[str, dict[str, list[Score]]] = {}
    for name in options.classes:
        found[name] = _measured(name, dataset, options, reporter)
        console.print(_table(f"{name} left out of training", found[name]))
    if len(found) > 1:
        console.print(_summary(found))


def _measured(name: str, dataset: Dataset, options: argparse.Namespace, reporter: Reporter) -> dict[str, list[Score]]:
    """Every row's scores, one for each draw."""
    bundle, teacher = bundle_without(name, dataset, options.vision, options.work, reporter)
    seen = look(bundle, dataset.of("test"), reporter)
    rows = {"before": [score(seen, bundle, name)]}
    for row, words in (("sentence", SENTENCES[name]), ("other words", UNRELATED)):
        with added(bundle.path, NewClass(name, words, teacher=str(teacher))) as version:
            rows[row] = [score(seen, version.bundle, name)]
            reporter.say(f"{row}: {'; '.join(version.said())}")
    pool = [sample.path for sample in dataset.of("train") if sample.class_name == name]
    rng = np.random.default_rng(0)
    for count in _COUNTS:
        scores = []
        for _ in range(options.draws):
            drawn = [pool[place] for place in rng.choice(len(pool), count, replace=False)]
            with added(bundle.path, NewClass(name), drawn) as version:
                scores.append(score(seen, version.bundle, name))
        rows[f"{count} example{'s' if count > 1 else ''}"] = scores
    return rows


def _table(title: str, rows: dict[str, list[Score]]) -> Table:
    table = Table("", "recall", "precision", "macro-F1", "known taken", "macro-F1 of known", title=title)
    for row, scores in rows.items():
        table.add_row(row, *(_said([getattr(one, figure) for one in scores]) for figure in _FIGURES))
    return table


def _summary(found: dict[str, dict[str, list[Score]]]) -> Table:
    """The mean over classes of each row's median."""
    rows = next(iter(found.values()))
    title = f"{len(found)} classes in turn: the mean, the lowest and the highest"
    table = Table("", "recall", "precision", "macro-F1", "known taken", "macro-F1 of known", title=title)
    for row in rows:
        medians = [
            [statistics.median(getattr(one, figure) for one in of[row]) for of in found.values()] for figure in _FIGURES
        ]
        table.add_row(row, *(f"{statistics.mean(m):.3f} ({min(m):.3f}-{max(m):.3f})" for m in medians))
    return table


def _said(values: Sequence[float]) -> str:
    middle = f"{statistics.median(values):.3f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.3f}-{max(values):.3f})"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Recognising a class that was left out of training.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/neu"))
    parser.add_argument("--vision", type=Path, default=Path("../shared/models/mobilenet_v2_imagenet"))
    parser.add_argument("--work", type=Path, default=Path("new-class"), help="keeps bundles, to go on after a stop")
    parser.add_argument("--classes", nargs="+", choices=sorted(SENTENCES), default=sorted(SENTENCES))
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--words", action="store_true", help="measure a learned map from words to pictures instead")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except EdgevlError as error:
        sys.exit(f"error: {error}")
