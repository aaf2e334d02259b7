"""`edgevl train` from the folders to the folder: read, folds, fit, judge, one look at test, save."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import torch
from accelerate import Accelerator

from compress.data.dataset import Dataset, Sample, Split
from compress.data.pictures import find_unreadable
from compress.data.readers.files import list_files
from compress.data.readers.lists import SPLITS
from compress.errors import DataError
from compress.in_place import put_in_place
from compress.progress import Reporter
from compress.teachers.beforehand import demand_teacher
from compress.teachers.pretrained import find_folder
from compress.teachers.prompts import Prompts
from compress.train.card import model_card, verdict
from compress.train.fit import Fitted, Study, fit, open_teacher
from compress.train.folds import make_folds
from compress.train.judge import Opinion
from compress.train.options import TrainOptions
from compress.train.processes import open_accelerator, reporter_of
from compress.train.record import FoldScore, Source, TrainingRecord, check_training_out, write_record
from compress.train.save import save_teacher
from compress.train.sentences import sentences_of_classes
from compress.workspace import digest_files, digest_of, open_workspace

_SHOWN_SENTENCES = 6


def train(
    teacher: str,
    data: Path,
    out: Path,
    options: TrainOptions,
    reporter: Reporter,
    prompts: Prompts | None = None,
    command: str = "",
) -> TrainingRecord:
    """Fine-tune a teacher; `out` becomes a Hugging Face folder that `edgevl compress --teacher` takes.

    prompts: the user's own sentences for the classes; captions of single pictures come with the data.
    Each epoch's state is kept in `OUT.work` until the run is finished, and the next start goes on from it. Test is
    read once, when all is decided. Deterministic for a seed on one machine with one number of threads and processes.
    Raises DataError, TeacherError.
    """
    check_training_out(out)
    start = time.monotonic()
    accelerator = open_accelerator(options.precision, options.schedule.accumulate)
    reporter = reporter_of(accelerator, reporter)
    work = out.with_name(out.name + ".work")
    list_files(data)  # a folder that is not there is told before a model is fetched from the hub
    demand_teacher(teacher)
    with _held(accelerator, work, reporter):
        dataset = options.reading.read(data, options.seed)
        reporter.say(dataset.summary())
        study = _study(teacher, dataset, options, prompts, reporter)
        key = digest_of((_key(study, accelerator), prompts))
        folds = tuple(_fold_scores(study, accelerator, work, key, reporter)) if options.folds else ()
        fitted = fit(study, accelerator, work / "fit", key, reporter)
        test_before, test = judge_both(study, fitted, usable(dataset, "test", reporter))
        record = TrainingRecord(
            source=_source(study, fitted, dataset, command),
            options=options,
            classes=tuple(c.name for c in study.classes),
            embedding_dim=fitted.teacher.dim,
            trained=fitted.trained,
            precision=_precision(accelerator),
            processes=accelerator.num_processes,
            seconds=round(time.monotonic() - start, 1),
            epochs=fitted.progress.scores,
            best_epoch=fitted.progress.best.epoch,
            val_before=fitted.before,
            val=fitted.after,
            test_before=test_before,
            test=test,
            folds=folds,
        )
        if accelerator.is_main_process:
            _save(out, record, fitted, study.teacher)
        accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        shutil.rmtree(work, ignore_errors=True)
    reporter.say(verdict(record))
    accelerator.end_training()
    return record


def judge_both(study: Study, fitted: Fitted, samples: Sequence[Sample]) -> tuple[Opinion, Opinion]:
    """What the teacher as it came, and the trained one, make of pictures that training did not see."""
    judge = fitted.judge
    after = judge.opinion(fitted.probe, judge.embed(samples, "trained teacher looks"), samples)
    teacher, dual = open_teacher(study.teacher)
    teacher.vision.to(judge.accelerator.device)
    original = replace(judge, teacher=teacher, dual=dual)
    return original.opinion(fitted.probe_before, original.embed(samples, "original teacher looks"), samples), after


def usable(dataset: Dataset, split: Split, reporter: Reporter) -> tuple[Sample, ...]:
    """The samples of a split that can be decoded; the others are named. Raises DataError where none is left."""
    listed = replace(dataset, samples=dataset.of(split))
    problems = find_unreadable(listed)
    for problem in problems:
        reporter.say(f"left out: {problem.path} {problem.sentence}")
    bad = {p.path for p in problems}
    kept = tuple(s for s in listed.samples if s.path not in bad)
    if not kept:
        raise DataError(f"{dataset.root}: no readable picture is left in the {split} split; copy the pictures again")
    return kept


def _study(teacher: str, dataset: Dataset, options: TrainOptions, prompts: Prompts | None, reporter: Reporter) -> Study:
    train, val = usable(dataset, "train", reporter), usable(dataset, "val", reporter)
    if len({s.class_name for s in train}) < 2:
        raise DataError(
            f"{dataset.root} has pictures of one class only to learn from ({train[0].class_name}), so there is nothing "
            "to tell apart; use --defects teach, or add pictures of a second class to train"
        )
    return Study(
        teacher=teacher,
        classes=dataset.classes,
        train=train,
        val=val,
        class_texts=sentences_of_classes(dataset, prompts),
        options=options,
    )


def _fold_scores(
    study: Study, accelerator: Accelerator, work: Path, key: str, reporter: Reporter
) -> Iterator[FoldScore]:
    """One training per fold, over train and validation together."""
    folds = make_folds((*study.train, *study.val), study.options.folds, study.options.seed)
    for number, fold in enumerate(folds, start=1):
        reporter.say(f"fold {number} of {len(folds)}: {len(fold.train)} to learn from, {len(fold.held_out)} held out")
        part = replace(study, train=fold.train, val=fold.val)
        fitted = fit(part, accelerator, work / f"fold-{number}", key, reporter)
        before, after = judge_both(part, fitted, fold.held_out)
        yield FoldScore(
            images=len(fold.held_out),
            probe_before=before.probe.macro_f1,
            probe=after.probe.macro_f1,
            zero_shot_before=before.zero_shot.macro_f1 if before.zero_shot else None,
            zero_shot=after.zero_shot.macro_f1 if after.zero_shot else None,
        )


def _key(study: Study, accelerator: Accelerator) -> str:
    """All that the result depends on; by the bytes of files, so that it is the same on every machine."""
    samples = (*study.train, *study.val)
    told = [(s.name, s.class_name, s.split, s.group, s.boxes, s.polygons, s.captions) for s in samples]
    teacher = digest_files(sorted(find_folder(study.teacher).glob("*.*")))
    return digest_of(
        (teacher, _pictures_digest(study), told, study.options, accelerator.num_processes, torch.__version__)
    )


def _pictures_digest(study: Study) -> str:
    return digest_files([s.path for s in (*study.train, *study.val)])


def _save(out: Path, record: TrainingRecord, fitted: Fitted, source: str) -> None:
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    save_teacher(partial, fitted, source)
    (partial / "README.md").write_text(model_card(record, out.name), encoding="utf-8")
    write_record(record, partial)
    put_in_place(partial, out)


def _source(study: Study, fitted: Fitted, dataset: Dataset, command: str) -> Source:
    sentences = fitted.judge.sentences
    return Source(
        command=command,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        edgevl_version=version("edgevl"),
        teacher=fitted.teacher.name,
        architecture=fitted.teacher.architecture,
        teacher_digest=digest_files(list(fitted.teacher.files)),
        data=dataset.root.resolve().name,
        data_summary=dataset.summary(),
        data_digest=_pictures_digest(study),
        counts={split: dict(Counter(s.class_name for s in dataset.of(split))) for split in SPLITS},
        sentences=sentences.texts[:_SHOWN_SENTENCES] if sentences else (),
        versions={name: version(name) for name in ("torch", "transformers", "accelerate", "peft")},
    )


def _precision(accelerator: Accelerator) -> str:
    return "float32" if accelerator.mixed_precision == "no" else accelerator.mixed_precision


@contextmanager
def _held(accelerator: Accelerator, work: Path, reporter: Reporter) -> Iterator[None]:
    """One run at a time works in the folder; the main process holds it for all."""
    if not accelerator.is_main_process:
        yield
        return
    with open_workspace(work, reporter):
        yield
