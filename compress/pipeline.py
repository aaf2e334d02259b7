"""The chain on one screen: dataset -> teacher -> distil -> prune -> recover -> export -> quantise -> evaluate -> pack.

Every stage leaves its result in the working folder (`compress.workspace`), so a run that was interrupted goes on
after the last finished stage. The test split is read in `evaluate` and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from compress import stages
from compress.dataset import Dataset, read_dataset
from compress.pack import check_out
from compress.pictures import without
from compress.progress import Reporter
from compress.record import RunReport
from compress.ship import ship
from compress.sizing import choose_input
from compress.student import default_config, load_student
from compress.teacher import load_teacher
from compress.workspace import digest_files, open_workspace
from edge.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run does; the defaults serve all data tried so far.

    views: the teacher's looks at augmented training pictures, in all; each picture gets between 1 and 12.
    steps, recover_steps: training steps of 32 views before and after pruning. prune_ratio: share of channels.
    max_drop: how much macro-F1 on validation int8 may lose against float and still be the default.
    """

    views: int = 8000
    steps: int = 700
    recover_steps: int = 200
    prune_ratio: float = 0.2
    max_drop: float = 0.005
    seed: int = 0
    format: str = "auto"


def compress(
    teacher_name: str, data: Path, out: Path, recipe: Recipe, reporter: Reporter, command: str = ""
) -> tuple[Bundle, RunReport]:
    """Make the bundle `out` from a teacher and a folder of pictures. Raises DataError, TeacherError.

    Work is kept in `OUT.work` beside it. Deterministic for a seed, on one machine with one number of threads.
    """
    check_out(out)
    with open_workspace(out.with_name(out.name + ".work"), reporter) as work:
        listed = read_dataset(data, recipe.format, recipe.seed)
        bad = work.stage(
            "0-decode", data_key(listed), lambda folder: stages.decode_all(folder, listed), stages.read_unreadable
        )
        dataset = without(listed, bad.value)
        introduce(dataset, reporter)
        teacher = load_teacher(teacher_name)
        reporter.say(f"teacher: {teacher.name} ({teacher.architecture}, embedding of {teacher.dim})")
        spec, why = choose_input(dataset, recipe.seed)
        reporter.say(f"model input: {spec.width}x{spec.height} ({why})")
        torch.manual_seed(recipe.seed)
        config = default_config(spec, teacher.dim, len(dataset.classes))
        views = min(12, max(1, recipe.views // len(dataset.of("train"))))
        made_from = (data_key(dataset), digest_files(list(teacher.files)) or teacher.name, config, views, recipe.seed)

        features = work.stage(
            "1-teacher",
            made_from,
            lambda folder: stages.look(folder, teacher, dataset, config.grids, views, recipe.seed, reporter),
            stages.read_look,
        )
        student = work.stage(
            "2-distil",
            (features.key, recipe.steps),
            lambda folder: stages.distil_new(folder, config, features.value, recipe.steps, recipe.seed, reporter),
            load_student,
        )
        cut = work.stage(
            "3-prune",
            (student.key, recipe.prune_ratio),
            lambda folder: stages.prune_it(folder, student.value, features.value, recipe.prune_ratio, recipe.seed),
            load_student,
        )
        pruned = work.stage(
            "4-recover",
            (cut.key, recipe.recover_steps),
            lambda folder: stages.recover(
                folder, cut.value, features.value, recipe.recover_steps, recipe.seed, reporter
            ),
            load_student,
        )
        graphs = work.stage(
            "5-export",
            pruned.key,
            lambda folder: stages.export_both(folder, student.value, pruned.value, dataset),
            stages.read_graphs,
        )
        int8 = work.stage(
            "6-quantise",
            graphs.key,
            lambda folder: stages.quantise_it(folder, graphs.value, dataset, spec, recipe.seed),
            stages.read_int8,
        )
        chain = stages.Chain(teacher, features.value, student.value, pruned.value, graphs.value, int8.value)
        origin = stages.Origin(dataset, data_key(dataset), why, recipe.max_drop, recipe.seed, command)
        report = work.stage(
            "7-evaluate",
            (int8.key, recipe.max_drop, command),
            lambda folder: stages.evaluate_all(folder, out.name, chain, origin, work.seconds(), reporter),
            stages.read_evaluation,
        )
        return ship(out, chain, dataset, report.value, reporter), report.value


def introduce(dataset: Dataset, reporter: Reporter) -> None:
    """Say what was read, what was left out, and what it means."""
    reporter.say(dataset.summary())
    for note in dataset.notes:
        reporter.say(f"note: {note}")
    for problem in dataset.problems[:5]:
        reporter.say(f"left out: {problem.path} {problem.sentence}")
    if len(dataset.problems) > 5:
        reporter.say(f"... and {len(dataset.problems) - 5} more, all of them in the report")
    if not dataset.has_good:
        reporter.say("no class of good parts: this bundle classifies; escape and overkill have no meaning here")


def data_key(dataset: Dataset) -> object:
    """What makes two readings of a folder the same: files by size and time, and everything the labels say."""
    return [(s.name, s.path.stat().st_size, s.path.stat().st_mtime_ns, s) for s in dataset.samples]
