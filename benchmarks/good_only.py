"""Good parts alone: the bundle against the same model of good parts on the teacher's own features.

    python -m benchmarks.good_only --teacher MODEL --data FOLDER --out WORK [--group REGEX]

Compresses with every defect held out (a finished run is kept and only judged again), then judges the test split with
the shipped graph and with the teacher. Intervals are 95 %, from resampling whole groups with replacement; a sample
without a good or without a defective part is drawn again. Nothing of the test is used before.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.metrics import precision_recall_curve, roc_auc_score

from compress.data.pictures import Pictures, read_pictures
from compress.data.reading import Reading
from compress.good_parts.conformal import promise
from compress.good_parts.normality import load_normality
from compress.good_parts.unknown import with_unknown
from compress.judge.answers import Answers, answer_graph
from compress.judge.evaluate import localise
from compress.judge.point import Budget
from compress.pipeline import compress
from compress.progress import ConsoleReporter
from compress.recipe import Recipe
from compress.teachers.teacher import load_teacher
from compress.teachers.teacher_normality import teacher_anomaly
from edge.bundle.load import Bundle
from edge.errors import EdgevlError

_RESAMPLES = 2000

# Of scores and truths (True: defective), both N.
_Figure = Callable[[NDArray[np.floating], NDArray[np.bool_]], float]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model's scores of the test split, its threshold from held-out good parts, and its AUPRO."""

    name: str
    score_N: NDArray[np.floating]
    threshold: float
    aupro: float | None


def main() -> None:
    options = _options()
    console = Console(width=160)
    reading = Reading(defects="hold-out", group_pattern=options.group)
    recipe = Recipe(
        views=options.views,
        steps=options.steps,
        prune_share=options.prune,
        budget=Budget(max_overkill=options.max_overkill),
        reading=reading,
    )
    reporter = ConsoleReporter(console)
    bundle, _ = compress(options.teacher, options.data, options.out, recipe, reporter)
    dataset = with_unknown(reading.read(options.data, recipe.seed))
    held_out, test = (read_pictures(dataset, split, bundle.manifest.input) for split in ("val", "test"))
    candidates = [
        _student(bundle, held_out, test, options.max_overkill),
        _teacher(options, held_out, test, reporter),
    ]
    _print(candidates, test, console)


def _student(bundle: Bundle, held_out: Pictures, test: Pictures, max_overkill: float) -> Candidate:
    file = bundle.file(bundle.manifest.variant(bundle.manifest.default_variant).file)
    before, found = (answer_graph(file, pictures.image_NHWC) for pictures in (held_out, test))
    return _candidate(f"bundle ({bundle.manifest.default_variant})", before, found, test, max_overkill)


def _teacher(options: argparse.Namespace, held_out: Pictures, test: Pictures, reporter: ConsoleReporter) -> Candidate:
    teacher = load_teacher(options.teacher)
    kept = options.out.with_name(options.out.name + ".work") / "6-teacher-good" / "normality.safetensors"
    normality = load_normality(kept)
    with tempfile.TemporaryDirectory() as folder:
        before, found = (
            teacher_anomaly(teacher, normality, pictures.samples, Path(folder), reporter)
            for pictures in (held_out, test)
        )
    return _candidate("the teacher's own features", before, found, test, options.max_overkill)


def _candidate(name: str, before: Answers, found: Answers, test: Pictures, max_overkill: float) -> Candidate:
    assert before.anomaly_N is not None
    assert found.anomaly_N is not None
    threshold = promise(before.anomaly_N, max_overkill).threshold
    return Candidate(name, found.anomaly_N, threshold, localise(test.samples, found.anomaly_map_Nhw).aupro)


def _print(candidates: list[Candidate], test: Pictures, console: Console) -> None:
    groups = np.asarray(test.groups)
    kinds = [len(set(groups[test.defect_N == kind])) for kind in (False, True)]
    console.print(
        f"test: {np.sum(~test.defect_N)} good parts in {kinds[0]} groups, {test.defect_N.sum()} defective in {kinds[1]}"
    )
    table = Table()
    for column in ("", "AUROC", "F1-max", "AUPRO", "escapes", "overkill"):
        table.add_column(column)
    for one in candidates:
        figures: list[_Figure] = [roc_auc, f1_max, _escape(one.threshold), _overkill(one.threshold)]
        auroc, f1, escape, overkill = (_with_interval(figure, one.score_N, test.defect_N, groups) for figure in figures)
        table.add_row(one.name, auroc, f1, "-" if one.aupro is None else f"{one.aupro:.3f}", escape, overkill)
    console.print(table)
    ours, theirs = candidates
    gains = [
        roc_auc(ours.score_N[drawn], test.defect_N[drawn]) - roc_auc(theirs.score_N[drawn], test.defect_N[drawn])
        for drawn in _resampled(test.defect_N, groups)
    ]
    low, high = np.quantile(gains, [0.025, 0.975])
    console.print(f"AUROC of the bundle less the teacher's, over the same groups: {low:+.3f} to {high:+.3f}")


def roc_auc(score_N: NDArray[np.floating], defect_N: NDArray[np.bool_]) -> float:
    return float(roc_auc_score(defect_N, score_N))


def f1_max(score_N: NDArray[np.floating], defect_N: NDArray[np.bool_]) -> float:
    """The best F1 of the defective kind over all thresholds."""
    precision, recall, _ = precision_recall_curve(defect_N, score_N)
    return float((2 * precision * recall / np.maximum(precision + recall, 1e-12)).max())


def _escape(threshold: float) -> _Figure:
    return lambda score_N, defect_N: float(np.mean(score_N[defect_N] < threshold))


def _overkill(threshold: float) -> _Figure:
    return lambda score_N, defect_N: float(np.mean(score_N[~defect_N] >= threshold))


def _with_interval(
    figure: _Figure, score_N: NDArray[np.floating], defect_N: NDArray[np.bool_], groups: NDArray[np.str_]
) -> str:
    drawn = [figure(score_N[chosen], defect_N[chosen]) for chosen in _resampled(defect_N, groups)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{figure(score_N, defect_N):.3f} ({low:.3f} to {high:.3f})"


def _resampled(defect_N: NDArray[np.bool_], groups: NDArray[np.str_]) -> list[NDArray[np.int64]]:
    """Indices of _RESAMPLES draws of whole groups, each with parts of both kinds."""
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    draws: list[NDArray[np.int64]] = []
    while len(draws) < _RESAMPLES:
        chosen = np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])
        if 0 < defect_N[chosen].sum() < len(chosen):
            draws.append(chosen)
    return draws


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.good_only", description=__doc__.splitlines()[0])
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--group", help="regular expression on file names: what its first group matches stays together")
    parser.add_argument("--max-overkill", type=float, default=0.01)
    parser.add_argument("--views", type=int, default=Recipe().views)
    parser.add_argument("--steps", type=int, default=Recipe().steps)
    parser.add_argument("--prune", type=float, default=Recipe().prune_share)
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except EdgevlError as error:
        sys.exit(f"error: {error}")
