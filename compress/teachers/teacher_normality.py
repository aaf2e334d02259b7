"""The same model of good parts on the teacher's own patch features: the row a student is held against."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from compress.data.dataset import Dataset, Sample, Split
from compress.data.images import read_image
from compress.good_parts.normality import Normality, NormalityHead, fit_patches
from compress.judge.answers import Answers
from compress.progress import Reporter
from compress.teachers.hints import resampling
from compress.teachers.teacher import Teacher
from compress.teachers.teacher_runner import Runner, open_runner
from edge.bundle.manifest import InputSpec
from edge.inspection.preprocess import model_input

_BATCH = 8
_SPLITS: tuple[Split, ...] = ("train", "val")
_PATCHES_PER_FIT = 40_000  # more are not kept: a wide teacher's features fill the memory


def fit_teacher_normality(teacher: Teacher, dataset: Dataset, seed: int, folder: Path, reporter: Reporter) -> Normality:
    """Learn from the good parts of train as the teacher sees them; those of val set the scale."""
    good, held_out = (tuple(s for s in dataset.of(split) if s.kind == "good") for split in _SPLITS)
    run = open_runner(teacher, folder / "teacher.onnx", reporter)
    rng = np.random.default_rng(seed)
    patches: list[list[NDArray[np.float32]]] = []
    with reporter.bar("teacher learns what is good", len(good) + len(held_out)) as advance:
        for samples in (good, held_out):
            kept = max(1, _PATCHES_PER_FIT // len(samples))
            rows: tuple[list[NDArray[np.float32]], ...] = ([], [])
            for start in range(0, len(samples), _BATCH):
                grids = _grids(run, teacher, samples[start : start + _BATCH])
                for layer, grid_NChw in zip(rows, grids, strict=True):
                    layer += [_some(patch_CP, kept, rng) for patch_CP in grid_NChw.reshape(*grid_NChw.shape[:2], -1)]
                advance(len(grids[0]))
            patches.append([np.concatenate(layer) for layer in rows])
    (folder / "teacher.onnx").unlink(missing_ok=True)
    return fit_patches(patches[0], patches[1], seed)


def _some(patch_CP: NDArray[np.float32], count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Feature vectors of at most so many of a picture's places, count x C."""
    return np.ascontiguousarray(patch_CP.T[rng.permutation(patch_CP.shape[1])[:count]])


def teacher_anomaly(
    teacher: Teacher, normality: Normality, samples: tuple[Sample, ...], folder: Path, reporter: Reporter
) -> Answers:
    """How unlike good parts the teacher finds each sample."""
    run = open_runner(teacher, folder / "teacher.onnx", reporter)
    head = NormalityHead(normality)
    scores, maps = [], []
    with reporter.bar("teacher judges parts", len(samples)) as advance:
        for start in range(0, len(samples), _BATCH):
            some = samples[start : start + _BATCH]
            with torch.inference_mode():
                anomaly_N, map_Nhw = head([torch.from_numpy(grid) for grid in _grids(run, teacher, some)])
            scores.append(anomaly_N.numpy())
            maps.append(map_Nhw.numpy())
            advance(len(some))
    (folder / "teacher.onnx").unlink(missing_ok=True)
    map_NHW = np.concatenate(maps)
    return Answers(np.ones((len(samples), 1), np.float32), map_NHW, np.concatenate(scores), map_NHW)


def _grids(run: Runner, teacher: Teacher, samples: tuple[Sample, ...]) -> tuple[NDArray[np.float32], ...]:
    """Middle and deep features, both on the middle grid: each N x C x h x w."""
    spec = InputSpec(teacher.preprocessing.height, teacher.preprocessing.width)
    _, middle_NChw, deep_NCHW = run(np.stack([model_input(read_image(s.path), spec) for s in samples]))
    height, width = middle_NChw.shape[2:]
    rows_hH, columns_wW = resampling(deep_NCHW.shape[2], height), resampling(deep_NCHW.shape[3], width)
    return middle_NChw, rows_hH @ deep_NCHW @ columns_wW.T
