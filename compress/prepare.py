"""Prepare: from a folder of pictures to a data set a student can learn from, and the teacher's look at it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compress.data.dataset import Dataset
from compress.data.pictures import without
from compress.good_parts.unknown import knows_defects
from compress.progress import Reporter
from compress.recipe import Recipe
from compress.stages import asking, copies, looking
from compress.students.kinds import Kind
from compress.teachers.pretrained import find_folder, model_files
from compress.teachers.prompts import Prompts
from compress.teachers.teacher import Teacher
from compress.teachers.teacher_labels import asked_paths
from compress.workspace import Made, Workspace, digest_files


def opinion_of(
    work: Workspace, teacher_name: str, listed: Dataset, prompts: Prompts, recipe: Recipe, reporter: Reporter
) -> Made[asking.Asked]:
    """The teacher's opinion of every picture it may be asked about, taken for its label."""
    pictures = [(path, path.stat().st_size, path.stat().st_mtime_ns) for path in asked_paths(listed)]
    answered = work.stage(
        "0-opinion",
        (pictures, digest_files(model_files(find_folder(teacher_name))), prompts),
        lambda folder: asking.ask(folder, teacher_name, listed, prompts, reporter),
        asking.read_answers,
    )
    asked = asking.take(answered.value, listed, prompts, recipe.even_at_chance, recipe.seed)
    reporter.say(asked.opinion.said)
    return Made(asked, answered.key)


def regroup(data: Path, recipe: Recipe) -> copies.Regroup | None:
    """Reads the data once more with near-duplicates as groups, where that is wanted."""
    if recipe.duplicates == "warn":
        return None
    unlabelled = recipe.prompts is not None
    return lambda parts: recipe.reading.read(data, recipe.seed, unlabelled, parts)


def readable_of(work: Workspace, listed: Dataset, reporter: Reporter) -> Dataset:
    """The data set without the pictures that cannot be decoded, introduced to the person who waits."""
    bad = work.stage(
        "0-decode", data_key(listed), lambda folder: looking.decode_all(folder, listed), looking.read_unreadable
    )
    dataset = without(listed, bad.value)
    introduce(dataset, reporter)
    return dataset


def look_of(
    work: Workspace,
    teacher: Teacher,
    dataset: Dataset,
    kind: Kind[Any],
    recipe: Recipe,
    asked: Made[asking.Asked] | None,
    reporter: Reporter,
) -> Made[looking.Look]:
    """The teacher's look at augmented views of every training picture."""
    views = min(12, max(1, recipe.views // len(dataset.of("train"))))
    grids = kind.grids  # the same for every size of a convolutional student
    origin = digest_files(list(teacher.files)) or teacher.name
    return work.stage(
        "1-teacher",
        (data_key(dataset), origin, grids, views, recipe.seed, asked.key if asked else "", knows_defects(dataset)),
        lambda folder: looking.look(
            folder, teacher, dataset, grids, views, recipe.seed, reporter, asked.value.zero_shot if asked else None
        ),
        looking.read_look,
    )


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
