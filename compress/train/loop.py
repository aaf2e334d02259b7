"""Epochs: learn, look at validation, keep the best, save, stop early."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from torch import Tensor, nn
from torch.utils.data import DataLoader

from compress.data.dataset import Sample
from compress.errors import TeacherError
from compress.progress import Reporter
from compress.train.batches import Batch, Epochs
from compress.train.checkpoint import (
    Checkpoint,
    EpochScore,
    Progress,
    load_checkpoint,
    optimiser_tensors,
    restore_optimiser,
    save_checkpoint,
)
from compress.train.judge import Judge
from compress.train.learner import Learner, hold_scale
from compress.train.objective import Objective
from compress.train.options import Schedule

_WARM_UP = 0.1  # share of the updates in which the rate rises
_LONGEST_GRADIENT = 1.0


@dataclass(frozen=True, slots=True)
class Course:
    """All that a training works with. model: the whole teacher, whose weights the learner's image side shares."""

    accelerator: Accelerator
    learner: Learner
    model: nn.Module
    optimiser: torch.optim.Optimizer
    batches: DataLoader[Batch]
    order: Epochs
    objective: Objective
    judge: Judge
    val: Sequence[Sample]
    schedule: Schedule
    seed: int


def run_epochs(course: Course, folder: Path, key: str, reporter: Reporter) -> Progress:
    """Train until the epochs or validation's patience are used up; the model is left with the best weights.

    Each epoch is saved in `folder`; a run with the same `key` goes on after the last one. Raises TeacherError where
    the loss is no longer a number.
    """
    prepared, optimiser, batches = course.accelerator.prepare(course.learner, course.optimiser, course.batches)
    progress, best = _begin(course, folder, key, reporter)
    while progress.epoch < course.schedule.epochs and not _has_stalled(progress, course.schedule.patience):
        epoch = progress.epoch + 1
        try:
            loss = _learn(course, prepared, optimiser, batches, epoch, reporter)
        except torch.OutOfMemoryError as error:
            raise TeacherError(
                "the GPU's memory is too small for this; halve --batch and double --accumulate, or add --checkpointing"
            ) from error
        score = _agreed(course, course.judge.score(epoch, loss, course.learner.head, course.val))
        progress = Progress(key, (*progress.scores, score), _scaler_state(course.accelerator))
        if progress.best == score:
            best = trained_weights(course.learner)
        if course.accelerator.is_main_process:
            state = optimiser_tensors(course.optimiser)
            save_checkpoint(folder, Checkpoint(progress, trained_weights(course.learner), best, state))
        course.accelerator.wait_for_everyone()
        reporter.say(_line(score, progress, course.schedule.epochs))
    put_weights(course.learner, best)
    course.accelerator.free_memory()  # it holds on to all it prepared, and folds follow one another
    return progress


def trained_weights(learner: nn.Module) -> dict[str, Tensor]:
    """A copy of the weights that train, by name."""
    return {
        name: parameter.detach().cpu().clone().contiguous()
        for name, parameter in learner.named_parameters()
        if parameter.requires_grad
    }


def put_weights(learner: nn.Module, weights: dict[str, Tensor]) -> None:
    """Put such a copy back."""
    with torch.no_grad():
        for name, parameter in learner.named_parameters():
            if name in weights:
                parameter.copy_(weights[name])


def rate_factor(update: int, updates: int) -> float:
    """A linear rise, then half a cosine down to nothing (Loshchilov & Hutter 2017); update counts from 0."""
    warm = max(1, round(_WARM_UP * updates))
    if update < warm:
        return (update + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (update - warm) / max(1, updates - warm)))


def _begin(course: Course, folder: Path, key: str, reporter: Reporter) -> tuple[Progress, dict[str, Tensor]]:
    """Where the last start stopped, or validation as the teacher comes."""
    saved = load_checkpoint(folder, key)
    _require_same_start(course.accelerator, saved)
    if saved is None:
        if any(folder.glob("epoch-*")):
            reporter.say(f"begins anew: what {folder} holds is damaged, or of other data, options or processes")
        score = _agreed(course, course.judge.score(0, None, course.learner.head, course.val))
        return Progress(key, (score,)), trained_weights(course.learner)
    reporter.say(f"goes on after epoch {saved.progress.epoch}, which an earlier start finished")
    put_weights(course.learner, saved.last)
    restore_optimiser(course.optimiser, saved.optimiser)
    scaler = course.accelerator.scaler
    if scaler is not None and saved.progress.scaler:
        scaler.load_state_dict(saved.progress.scaler)
    return saved.progress, saved.best


def _learn(course: Course, prepared: Any, optimiser: Any, batches: Any, epoch: int, reporter: Reporter) -> float:
    """One epoch; the mean loss of all processes."""
    accelerator = course.accelerator
    course.order.epoch = epoch
    torch.manual_seed(_chance(course.seed, epoch, accelerator.process_index))
    per_epoch = math.ceil(len(batches) / accelerator.gradient_accumulation_steps)
    update, losses = (epoch - 1) * per_epoch, []
    prepared.train()
    with reporter.bar(f"epoch {epoch} of {course.schedule.epochs}", len(batches)) as advance:
        for batch in batches:
            with accelerator.accumulate(prepared):
                _set_rate(course.optimiser, rate_factor(update, per_epoch * course.schedule.epochs))
                loss = course.objective(accelerator, prepared, batch)
                accelerator.backward(loss)
                if accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(prepared.parameters(), _LONGEST_GRADIENT)
                    update += 1
                optimiser.step()
                optimiser.zero_grad()
                hold_scale(course.model)
            losses.append(loss.detach())
            advance(note=f"loss {float(losses[-1]):.3f}")
    mean = float(accelerator.reduce(torch.stack(losses).mean(), reduction="mean"))
    if not math.isfinite(mean):
        raise TeacherError(
            f"the loss is no longer a number in epoch {epoch}; lower --learning-rate, or train with --precision float32"
        )
    return mean


def _chance(*numbers: int) -> int:
    """A seed for dropout that differs by epoch and process, so that an epoch needs nothing of the one before."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def _set_rate(optimiser: torch.optim.Optimizer, factor: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * factor


def _has_stalled(progress: Progress, patience: int) -> bool:
    return progress.epoch - progress.best.epoch >= patience


def _agreed(course: Course, score: EpochScore) -> EpochScore:
    """The main process's figures on all: machines may differ in the last digit, and must not part over it."""
    missing = -1.0
    told = [score.head, missing if score.zero_shot is None else score.zero_shot, score.loss]
    figures = broadcast(torch.tensor(told, dtype=torch.float64, device=course.accelerator.device)).tolist()
    head, zero_shot, loss = figures
    return EpochScore(score.epoch, score.train_loss, head, None if zero_shot == missing else zero_shot, loss)


def _require_same_start(accelerator: Accelerator, saved: Checkpoint | None) -> None:
    epoch = torch.tensor([-1 if saved is None else saved.progress.epoch], device=accelerator.device)
    epochs = accelerator.gather(epoch)
    assert isinstance(epochs, Tensor)
    if bool((epochs != epochs[0]).any()):
        raise TeacherError(
            "the machines do not see the same saved epoch; put --out on a disk that all of them share, "
            "or choose another --out to begin anew"
        )


def _scaler_state(accelerator: Accelerator) -> dict[str, int | float]:
    return {} if accelerator.scaler is None else dict(accelerator.scaler.state_dict())


def _line(score: EpochScore, progress: Progress, epochs: int) -> str:
    said = "" if score.zero_shot is None else f", sentences {score.zero_shot:.4f}"
    best = ", best so far" if progress.best == score else ""
    return (
        f"epoch {score.epoch} of {epochs}: loss {score.train_loss:.3f}; "
        f"validation macro-F1: class head {score.head:.4f}{said}{best}"
    )
