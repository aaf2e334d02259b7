"""Evaluate: rules fitted on validation, then one look at the test split for every model of the chain."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from compress.answers import Answers
from compress.dataset import Dataset, Sample
from compress.images import read_image
from compress.masks import defect_mask, map_target
from compress.metrics import Classification, Inspection, aupro, classification, inspection, pixel_auroc
from compress.pictures import Pictures
from compress.record import Localisation, Mistake, Parity
from compress.thresholds import fit_map_threshold, fit_threshold
from edge.bundle import ClassSpec, Decision
from edge.verdict import decide

MIN_CONFIDENCE = 0.5  # classification only: below an even chance for the best class, a person should look
_MAP_SIDE = 128  # pixel metrics are computed on maps and masks of this many pixels a side


def fit_rule(
    dataset: Dataset,
    val: Pictures,
    answers: Answers,
    max_escape: float | None = None,
    max_overkill: float | None = None,
) -> Decision:
    """The decision rule for a model, from its answers on the validation split.

    Limits are rates, 0..1. Raises BudgetError where no threshold keeps them.
    """
    threshold = None
    if dataset.has_good:
        scores = defect_scores(dataset, answers.prob_NK)
        threshold = fit_threshold(scores, val.defect_N, max_escape, max_overkill)
    return Decision(threshold, MIN_CONFIDENCE, _fit_map_threshold(val, answers))


def score(
    dataset: Dataset, pictures: Pictures, answers: Answers, rule: Decision
) -> tuple[Classification, Inspection | None]:
    """Score a model under its rule: classes as the device would decide them, and OK/NG where there is a good class."""
    names = [c.name for c in dataset.classes]
    decided_NK = np.eye(len(names))[decided_classes(dataset, answers, rule)]
    found = classification(decided_NK, pictures.label_N, names, pictures.groups)
    if rule.defect_threshold is None:
        return found, None
    scores = defect_scores(dataset, answers.prob_NK)
    return found, inspection(scores, pictures.defect_N, rule.defect_threshold, pictures.groups)


def decided_classes(dataset: Dataset, answers: Answers, rule: Decision) -> NDArray[np.int64]:
    """The class index the device's own decision gives to each picture."""
    names = [c.name for c in dataset.classes]
    specs = tuple(ClassSpec(c.name, c.kind) for c in dataset.classes)
    decided = (decide(prob_K, specs, rule).class_name for prob_K in answers.prob_NK)
    return np.array([names.index(name) if name else -1 for name in decided], np.int64)


def defect_scores(dataset: Dataset, prob_NK: NDArray[np.float32]) -> NDArray[np.float32]:
    """The summed probability of the defect classes."""
    is_defect_K = np.array([c.kind == "defect" for c in dataset.classes])
    return np.asarray(np.minimum(prob_NK[:, is_defect_K].sum(1), 1.0), np.float32)


def parity(dataset: Dataset, rule: Decision, in_torch: Answers, in_onnx: Answers, in_int8: Answers) -> Parity:
    """Hold torch against ONNX, and float against int8, picture by picture, under one rule."""

    def disagreement(one: Answers, other: Answers) -> tuple[int, float]:
        flips = int((decided_classes(dataset, one, rule) != decided_classes(dataset, other, rule)).sum())
        return flips, float(np.abs(one.prob_NK - other.prob_NK).max())

    torch_flips, torch_difference = disagreement(in_torch, in_onnx)
    int8_flips, int8_difference = disagreement(in_onnx, in_int8)
    return Parity(len(in_onnx.prob_NK), torch_flips, torch_difference, int8_flips, int8_difference)


def localise(samples: Sequence[Sample], map_NHW: NDArray[np.float32] | None) -> Localisation:
    """Pixel AUROC and AUPRO of a map, on all pictures whose defects are marked (good ones included)."""
    assert map_NHW is not None
    maps, masks = [], []
    for sample, map_HW in zip(samples, map_NHW, strict=True):
        height, width = read_image(sample.path).shape[:2]
        mask = defect_mask(sample, height, width)
        if mask is None:
            continue
        size = (_MAP_SIDE, _MAP_SIDE)
        maps.append(np.asarray(cv2.resize(map_HW, size, interpolation=cv2.INTER_LINEAR)))
        masks.append(cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5)
    if not maps:
        return Localisation(0, None, None)
    return Localisation(len(maps), pixel_auroc(maps, masks), aupro(maps, masks))


def mistakes(dataset: Dataset, pictures: Pictures, answers: Answers, rule: Decision) -> tuple[Mistake, ...]:
    """Every wrong decision, the surest first."""
    names = [c.name for c in dataset.classes]
    decided_N = decided_classes(dataset, answers, rule)
    wrong = np.flatnonzero(decided_N != pictures.label_N)
    found = [
        Mistake(
            pictures.samples[i].path.relative_to(dataset.root).as_posix(),
            names[pictures.label_N[i]],
            names[decided_N[i]],
            float(answers.prob_NK[i, decided_N[i]]),
        )
        for i in wrong
    ]
    return tuple(sorted(found, key=lambda m: -m.probability))


def _fit_map_threshold(val: Pictures, answers: Answers) -> float:
    if answers.map_NHW is None:
        return fit_map_threshold(np.zeros((0, 1, 1)), None)
    shape = answers.map_NHW.shape[1:]
    targets = [map_target(s, read_image(s.path).shape[:2], *shape) for s in val.samples]
    known = [i for i, target in enumerate(targets) if target is not None]
    target_NHW = np.stack([t for t in targets if t is not None]) if known else None
    return fit_map_threshold(answers.map_NHW[known], target_NHW)
