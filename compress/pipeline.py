"""The chain on one screen: dataset -> teacher -> distil -> prune -> export -> quantise -> judge -> evaluate -> pack.

Every stage leaves its result in the working folder (`compress.workspace`), so a run that was interrupted goes on
after the last finished stage. What ships is chosen on validation; the test split is read in `evaluate`, after the
choice, and nowhere else.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from compress.chain import Course, aim, narrow, teach
from compress.data.dataset import Dataset
from compress.data.readers.files import list_files
from compress.data.sizing import choose_input
from compress.errors import BudgetError, DataError, ParityError
from compress.explore import Explored, explore
from compress.good_parts.normality import Normality
from compress.good_parts.unknown import known_classes, knows_defects, tells_unknown, with_unknown
from compress.judge.budget import demand_meaning, unreachable
from compress.judge.point import Budget
from compress.judge.thresholds import demand_both_kinds
from compress.pack import check_out
from compress.prepare import data_key, look_of, opinion_of, readable_of, regroup
from compress.progress import Reporter
from compress.recipe import Recipe, StudentName
from compress.report.record import RunReport
from compress.ship import ship
from compress.stages import copies, evaluation, for_gpu, good, graphs, judging, quantising
from compress.students.aim import aim_at_share
from compress.students.kinds import Kind, convolutional, first_layers, teacher_itself
from compress.students.own_side.first_layers import takes
from compress.students.student import SIZES
from compress.students.student_model import AnyStudent
from compress.teachers.beforehand import demand_teacher
from compress.teachers.teacher import Teacher, load_teacher
from compress.workspace import Made, open_workspace
from edge.bundle.load import Bundle
from edge.bundle.manifest import InputSpec


def compress(
    teacher_name: str, data: Path, out: Path, recipe: Recipe, reporter: Reporter, command: str = ""
) -> tuple[Bundle, RunReport]:
    """Make the bundle `out` from a teacher and a folder of pictures.

    Raises DataError, TeacherError, BudgetError where no model keeps the budget and ParityError where the exported graph
    does not decide as torch does; nothing is packed then.
    Work is kept in `OUT.work` beside it. Deterministic for a seed, on one machine with one number of threads.
    """
    check_out(out, data)
    list_files(data)  # a folder that is not there is told before a model is fetched from the hub
    demand_teacher(teacher_name, reads=recipe.prompts is not None)
    with open_workspace(out.with_name(out.name + ".work"), reporter) as work:
        as_given = recipe.reading.read(data, recipe.seed, recipe.prompts is not None, reporter=reporter)
        listed = copies.settle(work, as_given, regroup(data, recipe), reporter)
        asked = opinion_of(work, teacher_name, listed, recipe.prompts, recipe, reporter) if recipe.prompts else None
        readable = readable_of(work, asked.value.dataset if asked else listed, reporter)
        dataset = with_unknown(readable, recipe.unknown_defects)
        demand_meaning(recipe.budget, dataset)
        _demand_choice(dataset, recipe)
        if knows_defects(dataset) and dataset.has_good:  # told at the start, not after the training
            is_defect_N = np.array([sample.kind == "defect" for sample in dataset.of("val")])
            demand_both_kinds(is_defect_N, f"{dataset.root}: validation")
        teacher = load_teacher(teacher_name)
        reporter.say(f"teacher: {teacher.name} ({teacher.architecture}, embedding of {teacher.dim})")
        spec, why = _input(teacher, dataset, recipe)
        reporter.say(f"model input: {spec.width}x{spec.height} ({why})")
        torch.manual_seed(recipe.seed)
        kinds = _kinds(teacher, dataset, spec, recipe)
        look = look_of(work, teacher, dataset, kinds[0], recipe, asked, reporter)
        course = Course(
            work, dataset, teacher, look, spec, recipe.steps, min(recipe.steps, recipe.recover_steps), recipe.seed,
            reporter,
        )  # fmt: skip
        explored = explore(course, kinds, recipe.budget) if recipe.explore else None
        student, pruned = _students(course, kinds, explored, recipe)
        chain, key = _as_graphs(course, student, pruned, recipe.budget)
        judged = work.stage(
            "7-judge",
            (key, recipe.budget),
            lambda folder: judging.judge(folder, chain, dataset, recipe.budget, reporter),
            judging.read_judged,
        )
        _demand_budget(judged.value, recipe, reporter)
        tried = explored.points if explored else ()
        origin = evaluation.Origin(dataset, data_key(dataset), why, recipe.budget, recipe.seed, tried)
        report = work.stage(
            "8-evaluate",
            (judged.key, tried),
            lambda folder: evaluation.evaluate_all(folder, chain, judged.value, origin, reporter),
            evaluation.read_evaluation,
        )
        _demand_parity(report.value, recipe)
        # A bundle travels; where a folder lies on this machine is nobody else's business, and no use to them.
        given = "" if Path(teacher_name).is_absolute() else teacher_name
        trained = replace(report.value.trained, command=command, teacher_given=given)
        opinion = asked.value.opinion if asked else None
        told = replace(report.value, name=out.name, seconds=work.seconds(), trained=trained, opinion=opinion)
        return ship(out, chain, dataset, told, reporter), told


def _demand_choice(dataset: Dataset, recipe: Recipe) -> None:
    """Raises BudgetError where models are to be explored and nothing known says which is better."""
    if recipe.explore and not knows_defects(dataset):
        raise BudgetError(
            "--explore compares models by the defects they let pass, and here only good parts teach; leave it out, or "
            "let defects teach with --defects teach"
        )


def _demand_parity(report: RunReport, recipe: Recipe) -> None:
    """Raises ParityError where the exported graph decides otherwise than torch: it is not the model that was taught."""
    flips = report.parity.torch_onnx_flips
    if flips and not recipe.pack_anyway:
        raise ParityError(
            f"the exported graph decides {flips} of {report.parity.images} test pictures otherwise than torch (largest "
            f"difference of a probability {report.parity.torch_onnx_max_difference:.1g}), so it is not packed; please "
            "report this with the versions `edgevl doctor` prints, or pack it all the same with --pack-anyway"
        )


def _input(teacher: Teacher, dataset: Dataset, recipe: Recipe) -> tuple[InputSpec, str]:
    """The size of the student's input, and a clause that says why. Raises DataError where two sizes are asked for."""
    student = _student_name(dataset, recipe)
    spec, why = choose_input(dataset, recipe.seed, recipe.input)
    if student != "teacher" and (student != "first-layers" or takes(teacher, spec)):
        return spec, why
    if recipe.input is not None:
        raise DataError(
            f"--student {student} sees pictures at this teacher's own size, not at {recipe.input}; leave --input out"
        )
    return InputSpec(teacher.preprocessing.height, teacher.preprocessing.width), "the teacher's own size"


def _student_name(dataset: Dataset, recipe: Recipe) -> StudentName:
    return recipe.student or ("medium" if knows_defects(dataset) else "first-layers")


def _kinds(teacher: Teacher, dataset: Dataset, spec: InputSpec, recipe: Recipe) -> tuple[Kind[Any], ...]:
    """The kinds of student this run may make: the one asked for, or all sizes where they are explored."""
    count = len(known_classes(dataset))
    student = _student_name(dataset, recipe)
    if student == "teacher":
        return (teacher_itself(teacher, count),)
    if student == "first-layers":
        return (first_layers(teacher, spec, count),)
    sizes = SIZES if recipe.explore else (student,)
    return tuple(convolutional(spec, teacher, count, size) for size in sizes)


def _students(
    course: Course, kinds: tuple[Kind[Any], ...], explored: Explored | None, recipe: Recipe
) -> tuple[Made[AnyStudent], Made[AnyStudent]]:
    """The student as it was taught, and pruned: by what was explored, else by the recipe."""
    kind = next(one for one in kinds if explored is None or one.name == explored.kind)
    student = teach(course, kind)
    aimed = (
        aim_at_share(explored.share)
        if explored
        else aim(course, kind, student, recipe.prune_share, recipe.budget.latency_ms)
    )
    return student, narrow(course, kind, student, aimed)


def _as_graphs(
    course: Course, student: Made[AnyStudent], pruned: Made[AnyStudent], budget: Budget
) -> tuple[judging.Chain, str]:
    """Every model of the run, with the key of the last stage."""
    exported = course.work.stage(
        "5-export",
        (student.key, pruned.key, tells_unknown(course.dataset), "explain"),
        lambda folder: graphs.export_both(folder, student.value, pruned.value, course.dataset, course.seed),
        graphs.read_graphs,
    )
    task = quantising.Task(
        pruned.value, exported.value, course.look.value, course.dataset, budget, course.recover_steps, course.seed
    )  # fmt: skip
    int8 = course.work.stage(
        "6-quantise",
        (exported.key, budget),
        lambda folder: quantising.quantise_within(folder, task, course.reporter),
        quantising.read_int8,
    )
    on_gpu = course.work.stage(
        "6-for-gpu",
        exported.key,
        lambda folder: for_gpu.make_for_gpu(
            folder, pruned.value, exported.value.pruned, course.dataset, course.seed, course.reporter
        ),
        for_gpu.read_for_gpu,
    )
    teacher_normality = None if knows_defects(course.dataset) else _teacher_of_good(course)
    chain = judging.Chain(
        course.teacher, course.look.value, student.value, pruned.value, exported.value, int8.value,
        on_gpu.value, teacher_normality,
    )  # fmt: skip
    return chain, int8.key


def _teacher_of_good(course: Course) -> Normality:
    """The same model of good parts on the teacher's own features, to measure the student against."""
    made = course.work.stage(
        "6-teacher-good",
        course.look.key,
        lambda folder: good.learn_good(folder, course.teacher, course.dataset, course.seed, course.reporter),
        good.read_good,
    )
    return made.value


def _demand_budget(judged: judging.Judged, recipe: Recipe, reporter: Reporter) -> None:
    """Say what every stage costs; raise BudgetError where what would ship misses the budget."""
    if not recipe.budget.said:
        return
    reporter.say(f"budget, on validation: {recipe.budget.said}")
    for point in judged.points:
        missed = f"; misses: {'; '.join(point.shortfalls)}" if point.shortfalls else ""
        reporter.say(f"{point.name}: {point.said}{missed}")
    if judged.point(judged.shipped).shortfalls and not recipe.pack_anyway:
        raise unreachable(judged.points[1:], recipe.budget)
