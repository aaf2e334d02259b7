"""Ask the teacher: what it takes every unlabelled picture for, given sentences for each class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from compress.data.dataset import Dataset, Problem
from compress.data.images import read_image
from compress.errors import DataError
from compress.progress import Reporter
from compress.teachers.dual import load_dual
from compress.teachers.opinion import Opinion, require_opinion, tell
from compress.teachers.prompts import Prompts
from compress.teachers.teacher import forget_text_side
from compress.teachers.teacher_labels import asked_paths, classes_of, label_by_opinion
from compress.teachers.teacher_runner import open_runner
from compress.teachers.zero_shot import ZeroShot, chance_of_blindness, embed_classes, load_zero_shot, save_zero_shot
from edge.bundle.manifest import InputSpec
from edge.inspection.preprocess import model_input

_BATCH = 8


@dataclass(frozen=True, slots=True)
class Answered:
    """The teacher's probability for each picture it could look at, and what speaks for it.

    blindness: see `compress.teachers.zero_shot.chance_of_blindness`.
    """

    paths: tuple[Path, ...]
    prob_NK: NDArray[np.float32]
    zero_shot: ZeroShot
    problems: tuple[Problem, ...]
    blindness: float


@dataclass(frozen=True, slots=True)
class Asked:
    """The data set as the teacher labels it, what speaks for the teacher, and its opinion in figures."""

    dataset: Dataset
    zero_shot: ZeroShot
    opinion: Opinion


def ask(folder: Path, teacher_name: str, dataset: Dataset, prompts: Prompts, reporter: Reporter) -> None:
    """Show the teacher every picture as it is. Those that cannot be read are listed; none ends the run."""
    dual = load_dual(teacher_name)
    zero_shot = embed_classes(dual, prompts)
    forget_text_side(dual.model)
    run = open_runner(dual.teacher, folder / "teacher.onnx", reporter)
    spec = InputSpec(dual.teacher.preprocessing.height, dual.teacher.preprocessing.width)
    asked, seen, problems = asked_paths(dataset), [], []
    pooled = [np.zeros((0, dual.teacher.dim), np.float32)]
    with reporter.bar("teacher gives its opinion", len(asked)) as advance:
        for start in range(0, len(asked), _BATCH):
            read = [(path, _read(path, spec)) for path in asked[start : start + _BATCH]]
            problems += [found for _, found in read if isinstance(found, Problem)]
            images = {path: found for path, found in read if not isinstance(found, Problem)}
            pooled += [run(np.stack(list(images.values())))[0]] if images else []
            seen += list(images)
            advance(len(read))
    (folder / "teacher.onnx").unlink(missing_ok=True)
    save_zero_shot(zero_shot, folder / "zero_shot.npz")
    pooled_ND = np.concatenate(pooled)
    np.save(folder / "prob.npy", zero_shot.prob(pooled_ND))
    said = {"paths": seen, "problems": problems, "blindness": chance_of_blindness(pooled_ND, zero_shot.class_KD)}
    (folder / "asked.json").write_bytes(msgspec.json.encode(said, enc_hook=str))


def _read(path: Path, spec: InputSpec) -> NDArray[np.uint8] | Problem:
    try:
        return model_input(read_image(path), spec)
    except DataError as error:
        return Problem(path, str(error).removeprefix(f"{path} "))


def read_answers(folder: Path) -> Answered:
    said = msgspec.json.decode((folder / "asked.json").read_bytes())
    return Answered(
        paths=tuple(Path(path) for path in said["paths"]),
        prob_NK=np.load(folder / "prob.npy", allow_pickle=False),
        zero_shot=load_zero_shot(folder / "zero_shot.npz"),
        problems=tuple(Problem(Path(one["path"]), one["sentence"]) for one in said["problems"]),
        blindness=said["blindness"],
    )


def take(answered: Answered, dataset: Dataset, prompts: Prompts, even_at_chance: bool, seed: int) -> Asked:
    """Take the answers for labels. Raises DataError where there is no answer, or none that means anything."""
    if not answered.paths:
        raise DataError(f"{dataset.root} holds no picture for the teacher to label: all are of the test split, or none")
    require_opinion(answered.prob_NK, prompts.names, answered.blindness, even_at_chance)
    class_of = classes_of(answered.paths, answered.prob_NK, prompts.names)
    labelled = label_by_opinion(dataset, prompts, class_of, answered.problems, seed)
    has_test = any(s.split == "test" for s in dataset.samples)
    return Asked(labelled, answered.zero_shot, tell(prompts, answered.prob_NK, has_test))
