"""One training from a fresh teacher: put together, run, and judged before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from accelerate import Accelerator
from torch import Tensor, nn

from compress.data.dataset import ClassLabel, Sample
from compress.errors import TeacherError
from compress.progress import Reporter
from compress.teachers.dual import DualEncoder, load_dual
from compress.teachers.image_side import is_dual
from compress.teachers.pretrained import find_folder
from compress.teachers.probe import Probe, fit_probe
from compress.teachers.teacher import Teacher, load_teacher, open_any
from compress.train.batches import Lessons, training_batches
from compress.train.checkpoint import Progress
from compress.train.groups import freeze_base, parameter_groups
from compress.train.judge import Judge, Opinion
from compress.train.learner import ClassHead, Learner, Seen, set_dropout
from compress.train.loop import Course, run_epochs
from compress.train.lora import add_lora, merge_lora
from compress.train.objective import Objective, class_weights
from compress.train.options import TrainOptions, Tuning
from compress.train.processes import reading_workers
from compress.train.sentences import Sentences, collect_sentences
from edge.bundle.manifest import InputSpec

ClassTexts = Callable[[DualEncoder], Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Study:
    """What one training learns from and is judged by. class_texts: the sentences of each class, for a teacher."""

    teacher: str
    classes: tuple[ClassLabel, ...]
    train: tuple[Sample, ...]
    val: tuple[Sample, ...]
    class_texts: ClassTexts
    options: TrainOptions


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained teacher in memory, and what it and the one it came from make of the validation split.

    probe_before, probe: the linear probes, fitted on the training split, of both.
    """

    teacher: Teacher
    dual: DualEncoder | None
    head: ClassHead
    judge: Judge
    progress: Progress
    probe_before: Probe
    probe: Probe
    before: Opinion
    after: Opinion
    trained: int


def open_teacher(name: str) -> tuple[Teacher, DualEncoder | None]:
    """The teacher with both sides where it has two; its vision is the same module. Raises TeacherError."""
    if is_dual(open_any(find_folder(name))[0]):
        dual = load_dual(name)
        return dual.teacher, dual
    teacher = load_teacher(name)
    if type(teacher.vision.model.config) not in transformers.MODEL_MAPPING:
        raise TeacherError(
            f"the encoder inside {teacher.architecture} cannot stand as a model of its own, so there would be nothing "
            "to save; give the encoder it was made from, or another teacher"
        )
    return teacher, None


def fit(study: Study, accelerator: Accelerator, folder: Path, key: str, reporter: Reporter) -> Fitted:
    """Train a fresh copy of the teacher; the state of each epoch is kept in `folder` under `key`."""
    teacher, dual = open_teacher(study.teacher)
    sentences = None if dual is None else collect_sentences(study.classes, study.train, study.class_texts(dual))
    teacher.vision.to(accelerator.device)
    names = tuple(c.name for c in study.classes)
    batch = study.options.schedule.batch
    judge = Judge(accelerator, teacher, dual, sentences, names, batch, reporter)
    before, probe_before = look(judge, study)
    turns = judge.turns(study.train, study.options.seed)
    torch.manual_seed(study.options.seed)
    head = ClassHead(probe_before, study.options.tuning.dropout).to(accelerator.device)
    learner = Learner(teacher, dual, head)
    adapted = _prepare_weights(teacher.vision.model, study.options.tuning)
    objective = Objective(class_weights(_labels(study), len(names)), sentences)
    trained = _leave_out_unused(learner, objective, teacher)
    course = _course(study, judge, learner, objective, turns)
    progress = run_epochs(course, folder, key, reporter)
    if adapted is not None:
        merge_lora(adapted)
    after, probe = look(judge, study)
    return Fitted(teacher, dual, head, judge, progress, probe_before, probe, before, after, trained)


def look(judge: Judge, study: Study) -> tuple[Opinion, Probe]:
    """A probe fitted on the training pictures, and what it and the sentences make of validation."""
    train_ND = judge.embed(study.train, "teacher looks at train")
    val_ND = judge.embed(study.val, "teacher looks at val")
    probe = fit_probe(train_ND, judge.labels(study.train), val_ND, judge.labels(study.val), len(study.classes))
    return judge.opinion(probe, val_ND, study.val), probe


def _course(study: Study, judge: Judge, learner: Learner, objective: Objective, turns: tuple[int, ...]) -> Course:
    schedule, options = study.options.schedule, study.options
    size = InputSpec(judge.teacher.preprocessing.height, judge.teacher.preprocessing.width)
    share = -(-len(study.train) // judge.accelerator.num_processes)
    lessons = _lessons(study, objective.sentences, turns)
    workers = reading_workers(judge.accelerator)
    batches, order = training_batches(lessons, size, min(schedule.batch, share), options.seed, workers)
    groups = parameter_groups(
        judge.teacher.vision.model,
        learner.head,
        schedule.learning_rate,
        schedule.weight_decay,
        options.tuning.layer_decay,
    )
    return Course(
        accelerator=judge.accelerator,
        learner=learner,
        model=judge.teacher.vision.model,
        optimiser=torch.optim.AdamW(groups),
        batches=batches,
        order=order,
        objective=objective,
        judge=judge,
        val=study.val,
        schedule=schedule,
        seed=options.seed,
    )


def _prepare_weights(model: nn.Module, tuning: Tuning) -> Any:
    """Say which weights train; the adapters where there are any."""
    set_dropout(model, tuning.dropout)
    if tuning.checkpointing:
        _checkpoint_activations(model)
    if tuning.lora is not None:
        adapted = add_lora(model, tuning.lora, tuning.dropout)
        for name in ("logit_scale", "logit_bias", "temperature"):
            if isinstance(learned := getattr(model, name, None), nn.Parameter):
                learned.requires_grad_(True)
        return adapted
    model.requires_grad_(True)
    if tuning.freeze and freeze_base(model) == 0:
        raise TeacherError(
            f"{type(model).__name__} ends with its last block, so that --freeze would leave nothing to train; "
            "use --lora 8 or --layer-decay 0.6"
        )
    return None


def _checkpoint_activations(model: Any) -> None:
    try:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    except (ValueError, AttributeError) as error:
        raise TeacherError(
            f"{type(model).__name__} cannot compute activations again; leave --checkpointing out and lower --batch"
        ) from error


def _leave_out_unused(learner: Learner, objective: Objective, teacher: Teacher) -> int:
    """Freeze the weights that the losses do not reach, which other processes would wait for; counts those that train.

    A model may carry more than its embedding uses: a second pooler, a mask token.
    """
    size = teacher.preprocessing
    device = learner.head.linear.weight.device
    blank = torch.zeros(1, size.height, size.width, 3, dtype=torch.uint8, device=device)
    texts = [] if objective.sentences is None else [objective.sentences.texts[0]]
    learner.eval()
    seen: Seen = learner(blank, texts)
    reached: Tensor = sum((part.sum() for part in seen if part is not None), torch.zeros((), device=device))
    reached.backward()  # type: ignore[no-untyped-call]  # torch's stub
    for parameter in learner.parameters():
        parameter.requires_grad_(parameter.requires_grad and parameter.grad is not None)
        parameter.grad = None
    return sum(p.numel() for p in learner.vision.parameters() if p.requires_grad)


def _lessons(study: Study, sentences: Sentences | None, turns: tuple[int, ...]) -> Lessons:
    said = [() if sentences is None else sentences.of_sample[s.name] for s in study.train]
    return Lessons(study.train, _labels(study), tuple(said), turns)


def _labels(study: Study) -> tuple[int, ...]:
    names = [c.name for c in study.classes]
    return tuple(names.index(s.class_name) for s in study.train)
